import { writeFileSync } from 'node:fs'
import { Aborter } from '../../src/aborter.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { folder } from '../help/folder.ts'
import { follow } from '../help/follow.ts'
import type { Seen } from '../help/follow.ts'
import { Listener } from '../help/listener.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { freePort, sluice } from '../help/sluice.ts'
import type { Sluice } from '../help/sluice.ts'
import { isKnown } from './push.ts'
import { now, sleep, until } from './time.ts'

export type StreamsOptions = Readonly<{
  clients: number
  cuts: number // of all clients together
  perSecond: number
  brokerDownMs: number
  settleMs: number
}>

const [topic, partitions, keys] = ['orders.events', 6, 50] as const
type Place = Readonly<{ partition: number; offset: number }>
type Client = { readonly ledger: Place[]; readonly gaps: string[]; cuts: number }

/** Clients of a stream are cut at random, while its gateway is restarted twice, once by kill -9, and the broker is killed once. */
export async function streams(cluster: KafkaCluster, options: StreamsOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const broker = await kafkaBroker(scope, cluster.brokers, [topic])
  await broker.admin.create([{ name: topic, partitions, replication: -1, config: {} }])
  const log = await follow(scope, broker, topic)
  const file = `${folder(scope)}/gateway.yaml`
  const stream = `{ topics: [${topic}], as: record, windowRecords: 50, clientsPerAddress: 1000, retryMs: 100 }`
  writeFileSync(
    file,
    `broker: { brokers: "${cluster.brokers}" }
log: { level: error }
drain: { delayMs: 500 }
routes: { feed: { match: GET /feed, delivery: replayable, stream: ${stream} } }
`,
  )
  const gateway = await Restarted.open(scope, file)
  await until('the topic is known', 30_000, () => isKnown(broker, topic))
  const [stop, leave] = [new Aborter(), new Aborter()]
  const producing = produce(broker, options.perSecond, stop)
  const clients = Array.from({ length: options.clients }, (): Client => ({ ledger: [], gaps: [], cuts: 0 }))
  const each = Math.ceil(options.cuts / options.clients)
  const listening = Promise.all(clients.map(client => listen(gateway, client, each, leave)))
  const cuts = (): number => clients.reduce((sum, client) => sum + client.cuts, 0)
  const reached = (share: number): Promise<number> =>
    until(`${share} of the cuts`, 600_000, () => cuts() >= share * options.cuts)
  await reached(0.25)
  await gateway.restart('SIGTERM')
  await reached(0.5)
  await cluster.nodes[0]!.restart(options.brokerDownMs)
  await reached(0.75)
  await gateway.restart('SIGKILL')
  await reached(1)
  stop.abort(null)
  const { sent, retried } = await producing
  await sleep(1_000) // the last of the log
  const begun = now()
  const isAll = ({ ledger }: Client): boolean => ledger.length >= log.length
  while (!clients.every(isAll) && now() - begun < options.settleMs) await sleep(200)
  const settledMs = now() - begun
  await sleep(1_000) // for what should not come
  leave.abort(null)
  await listening
  return [
    note('events', `${count(sent)} at ${options.perSecond}/s, of which ${retried} were sent again`),
    note(
      'clients',
      `${options.clients}, ${count(clients.reduce((sum, { ledger }) => sum + ledger.length, 0))} deliveries`,
    ),
    figure('cut at random', count(options.cuts), count(cuts()), cuts() >= options.cuts),
    figure('gateway restarted', '2', String(gateway.restarts), gateway.restarts === 2),
    ...figuresOf(clients, log),
    figure('settled', 'all', seconds(settledMs), clients.every(isAll)),
  ]
}

/** A gateway that comes back where it was; who asks meanwhile is refused. */
class Restarted {
  readonly url: string
  readonly #launch: () => Sluice
  #process: Sluice
  restarts = 0

  private constructor(port: number, launch: () => Sluice) {
    this.url = `http://127.0.0.1:${port}`
    this.#launch = launch
    this.#process = launch()
  }

  static async open(scope: Scope, file: string): Promise<Restarted> {
    const port = await freePort()
    const set = ['server.host=127.0.0.1', `server.port=${port}`, 'admin.port=0'].flatMap(each => ['--set', each])
    return new Restarted(port, () => sluice(scope, ['start', file, ...set]))
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#process.kill(signal)
    await this.#process.ended
    this.#process = this.#launch()
    this.restarts++
  }
}

/** Comes again and again where it was, and goes at random, also in the middle of an event, as often as it is to; then it stays. */
async function listen(gateway: Restarted, client: Client, cuts: number, leave: Aborter): Promise<void> {
  let id = ''
  while (!leave.aborted) {
    const headers = id === '' ? {} : { 'last-event-id': id }
    await sleep(Math.random() * 200)
    const listener = new Listener(`${gateway.url}/feed${id === '' ? '?from=earliest' : ''}`, { headers })
    const untilMs = client.cuts < cuts ? now() + 50 + Math.random() * 1_500 : Infinity
    while (now() < untilMs && !listener.ended && !leave.aborted) {
      await sleep(20)
      enter(client, listener)
    }
    if (!listener.ended && untilMs < Infinity) client.cuts++
    listener.close()
    enter(client, listener)
    if (listener.lastId !== '') id = listener.lastId
  }
}

/** Enters what a client has heard since the last look. */
function enter(client: Client, listener: Listener): void {
  for (const { event, data } of listener.heard.splice(0))
    if (event === 'message') client.ledger.push(JSON.parse(data) as Place)
    else if (event === 'gap') client.gaps.push(data)
}

/** Sends events until it is stopped; what the broker does not confirm is sent again, and may then be in the log twice. */
async function produce(
  broker: KafkaBroker,
  perSecond: number,
  stop: Aborter,
): Promise<Readonly<{ sent: number; retried: number }>> {
  const begun = now()
  let [sent, retried] = [0, 0]
  while (!stop.aborted) {
    if ((sent * 1_000) / perSecond > now() - begun) {
      await sleep(5)
      continue
    }
    const key = Buffer.from(`key-${sent % keys}`)
    const value = Buffer.from(String(sent))
    try {
      const place = { topic, partition: broker.partitionFor(topic, key), key }
      await broker.publish({ ...place, value, headers: [], acks: 'all', signal: new Aborter() })
      sent++
    } catch {
      retried++
      await sleep(100)
    }
  }
  return { sent, retried }
}

/** Each client's ledger beside the log: what stands there is to be in it once, in the order of its partition. */
function figuresOf(clients: readonly Client[], log: readonly Seen[]): readonly Figure[] {
  const lost: string[] = []
  const twice: string[] = []
  const disorder: string[] = []
  const strange: string[] = []
  const gaps: string[] = []
  const written = new Set(log.map(({ partition, offset }) => `${partition}/${offset}`))
  let deliveries = 0
  for (const [n, { ledger, gaps: told }] of clients.entries()) {
    const heard = new Set<string>()
    const latest = Array<number>(partitions).fill(-1)
    for (const { partition, offset } of ledger) {
      const place = `${partition}/${offset}`
      const said = `client ${n}: ${place}`
      if (heard.has(place)) twice.push(said)
      else if (offset < (latest[partition] ?? -1)) disorder.push(said)
      if (!written.has(place)) strange.push(said)
      latest[partition] = Math.max(latest[partition] ?? -1, offset)
      heard.add(place)
    }
    deliveries += ledger.length
    for (const place of written) if (!heard.has(place)) lost.push(`client ${n}: ${place}`)
    gaps.push(...told)
  }
  return [
    none('an event that a client did not hear', 'none', written.size * clients.length, lost),
    none('an event that a client heard twice', 'none', deliveries, twice),
    none('an event heard after a later one of its partition', 'none', deliveries, disorder),
    none('an event heard that is not in the log', 'none', deliveries, strange),
    none('a gap told although nothing was deleted', 'none', deliveries, gaps),
  ]
}
