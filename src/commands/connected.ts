import type { Config } from '../../config/schema/index.ts'
import type { Broker } from '../bridge/broker.ts'
import { pause } from '../clock.ts'
import type { Terminal } from './spool.ts'

const patienceMs = 15_000
const lookMs = 50

/** The brokers of a configuration, reached, for topics that are looked at or written to. Ends the command where they cannot be. */
export async function connected(config: Config, topics: readonly string[], { fail }: Terminal): Promise<Broker> {
  if (config.broker.brokers === '')
    fail('broker.brokers is empty: what an embedded broker keeps is seen by its gateway only.')
  const { openBroker } = await import('../parts.ts')
  const broker = await openBroker(config)
  broker.start(topics)
  for (let waited = 0; broker.state !== 'ready'; waited += lookMs) {
    if (waited >= patienceMs) fail(`No broker is reachable: ${broker.reason}.`)
    await pause(lookMs)
  }
  return broker
}
