import { join } from 'node:path'
import { load } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { client } from './ask.ts'
import type { Ask } from './ask.ts'
import type { Scope } from './scope.ts'

const examples = join(import.meta.dirname, '..', '..', 'examples')

/** The gateway of an example, on the embedded broker and free ports, ready; gone with the test. */
export async function openExample(
  t: Scope,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Readonly<{ gateway: Gateway; broker: MemoryBroker; ask: Ask }>> {
  const set = ['server.host=127.0.0.1', 'server.port=0', 'admin.port=0', 'log.level=silent', 'overload.mode=off']
  const { config, mistakes } = load(join(examples, name, 'gateway.yaml'), { set, env })
  if (config === null) throw new Error(`The configuration of ${name} does not hold: ${JSON.stringify(mistakes)}`)
  const broker = new MemoryBroker()
  const gateway = await start(config, { broker })
  const { ask, ...held } = client(gateway.url)
  t.after(async () => {
    await gateway.stop({ delayMs: 0 })
    held[Symbol.dispose]()
    await broker[Symbol.asyncDispose]()
  })
  await gateway.ready
  return { gateway, broker, ask }
}
