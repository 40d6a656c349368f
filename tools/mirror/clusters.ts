import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../../src/bridge/broker.ts'
import type { NewTopic } from '../../src/bridge/admin.ts'
import { connect } from '../../src/worker/connect.ts'
import { startKafka } from '../kafka/cluster.ts'
import type { KafkaCluster } from '../kafka/cluster.ts'
import { watchdog } from '../kafka/watchdog.ts'
import { fetchMirror, MirrorMaker } from './mirrormaker.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'two-clusters')
const startLimitMs = 180_000
const lookMs = 100

/** Two clusters, and MirrorMaker 2 between them as examples/two-clusters says. They die with this process, however that ends. */
export interface Clusters extends AsyncDisposable {
  readonly a: Broker // where the gateway is
  readonly b: Broker // where the workers are
  readonly kafka: KafkaCluster // a, to be killed
  readonly addresses: Readonly<{ KAFKA_A: string; KAFKA_B: string }>
  readonly mirror: MirrorMaker
  /** Resolves once the flows carry records that were written after this was called. Throws what MirrorMaker printed when they do not. */
  flows(): Promise<void>
}

const topic = (name: string, partitions: number, config: NewTopic['config'] = {}): NewTopic => ({
  name,
  partitions,
  replication: -1,
  config,
})

const told = [topic('orders.events', 3), topic('orders.state', 3, { 'cleanup.policy': 'compact' })]

/** `standby`: b only takes over, and nothing is mirrored back. Resolves once the flows run. Throws one line that says what is missing, or what a process printed. */
export async function startClusters(progress: (line: string) => void, standby = false): Promise<Clusters> {
  await fetchMirror(progress)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mirror-'))
  const dog = watchdog(folder)
  await using held = new AsyncDisposableStack()
  held.defer(() => dog.bite())
  const [here, there] = await Promise.all([startKafka({ progress }), startKafka()])
  held.use(here)
  held.use(there)
  const addresses = { KAFKA_A: here.brokers, KAFKA_B: there.brokers }
  const a = held.use(await connect({ brokers: here.brokers, clientId: 'mirror' }))
  const b = held.use(await connect({ brokers: there.brokers, clientId: 'mirror' }))
  progress('Making the topics …')
  await a.admin.create([topic('orders.commands', 6), topic('orders.signals', 3), ...told])
  await b.admin.create([
    // what is mirrored back: the replies with as many partitions as the gateway would give them
    topic('gateway.replies', 12, { 'retention.ms': '600000' }),
    topic('sluice.operations.replies', 12, { 'retention.ms': '3600000' }),
    ...told,
  ])
  progress('Starting MirrorMaker 2 …')
  const mirror: MirrorMaker = new MirrorMaker({
    properties: join(example, standby ? 'standby.properties' : 'mirror.properties'),
    log: join(folder, 'mirror.log'),
    env: addresses,
    changed: () => dog.watch(mirror.pid === null ? [] : [mirror.pid]),
  })
  mirror.launch()
  const flows = async (): Promise<void> => {
    await Promise.all([beats(b, 'a.heartbeats', mirror), standby ? null : beats(a, 'b.heartbeats', mirror)])
  }
  await flows()
  const all = held.move()
  return { a, b, kafka: here, addresses, mirror, flows, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Resolves once MirrorMaker has mirrored a heartbeat that the other cluster got from now on. */
async function beats(broker: Broker, name: string, mirror: MirrorMaker): Promise<void> {
  const begun = Date.now()
  for (let next = 0n; Date.now() - begun < startLimitMs && mirror.pid !== null; await sleep(lookMs)) {
    if ((await broker.admin.topic(name).catch(() => null)) === null) continue
    broker.start([name])
    try {
      const page = await broker.past.page({ topic: name, partition: 0, from: next, maxBytes: 65_536 })
      if (page.records.some(({ timestamp }) => timestamp > begun)) return
      next = page.next
    } catch {
      // the metadata of the new topic is not there yet
    }
  }
  throw new Error(`Nothing comes into ${name}. MirrorMaker 2 says:\n${mirror.printed}`)
}
