import { writeFileSync } from 'node:fs'
import { Aborter } from '../../src/aborter.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { folder } from '../help/folder.ts'
import { httpServer } from '../help/httpserver.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import type { Scope } from '../help/scope.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import { now, sleep, until } from './time.ts'

export type PushOptions = Readonly<{ perSecond: number; keys: number; kills: number; settleMs: number }>

const topic = 'orders.events'
const mostTwiceMs = 250 // of events at their rate: more than the step of commits, by what a broker takes

/** A request that the subscriber took. */
type Got = Readonly<{ n: number; id: string; webhook: string; kill: number }>

/** Events are pushed to an honest subscriber while the gateway is killed again and again. */
export async function push(cluster: KafkaCluster, options: PushOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const broker = await kafkaBroker(scope, cluster.brokers, [topic])
  await broker.admin.create([{ name: topic, partitions: 6, replication: -1, config: {} }])
  const got: Got[] = []
  let kills = 0
  const subscriber = await httpServer(scope, ({ headers }, res, body) => {
    got.push({ n: Number(body), id: String(headers['ce-id']), webhook: String(headers['webhook-id']), kill: kills })
    res.writeHead(204).end()
  })
  const file = `${folder(scope)}/gateway.yaml`
  writeFileSync(
    file,
    `broker: { brokers: "${cluster.brokers}" }
log: { level: error }
egress: { allow: [127.0.0.1] }
push: { shop: { topic: ${topic}, url: "${subscriber.url}/", from: earliest, signingKey: whsec_${Buffer.alloc(32, 7).toString('base64')} } }
routes: {}
`,
  )
  const launch = () => sluice(scope, ['start', file, ...freePorts])
  let gateway = launch()
  const stop = new Aborter()
  await until('the topic is known', 30_000, () => isKnown(broker, topic))
  let produced = 0
  const producing = produce(broker, options, stop, n => (produced = n))
  held.defer(async () => {
    stop.abort(null)
    await producing
  })
  await until('the first events are there', 60_000, () => got.length > options.perSecond)
  while (kills < options.kills) {
    gateway.kill('SIGKILL')
    await gateway.ended
    kills++
    const before = got.length
    gateway = launch()
    await until('events come again', 60_000, () => got.length > before)
    await until('it has caught up', 180_000, () => Math.max(...got.slice(-50).map(({ n }) => n)) > produced - 50)
    await sleep(1_000 + Math.random() * 1_000)
  }
  stop.abort(null)
  const sent = await producing
  const begun = now()
  const seen = (): number => new Set(got.map(({ n }) => n)).size
  while (seen() < sent && now() - begun < options.settleMs) await sleep(200)
  const settledMs = now() - begun
  await sleep(2_000) // for what should not come
  return figuresOf(got, sent, kills, settledMs, options)
}

/** Whether the broker knows the partitions of a topic already. */
export function isKnown(broker: KafkaBroker, topic: string): boolean {
  try {
    return broker.partitionFor(topic, null) >= 0
  } catch {
    return false
  }
}

/** Sends events until it is stopped, each once as far as it knows; their number. */
async function produce(
  broker: KafkaBroker,
  { perSecond, keys }: PushOptions,
  stop: Aborter,
  told: (n: number) => void,
): Promise<number> {
  const begun = now()
  let n = 0
  while (!stop.aborted) {
    if ((n * 1_000) / perSecond > now() - begun) {
      await sleep(5)
      continue
    }
    const key = Buffer.from(`key-${n % keys}`)
    const place = { topic, partition: broker.partitionFor(topic, key), key }
    await broker.publish({ ...place, value: Buffer.from(String(n)), headers: [], acks: 'all', signal: new Aborter() })
    told(++n)
  }
  return n
}

function figuresOf(
  got: readonly Got[],
  sent: number,
  kills: number,
  settledMs: number,
  { perSecond, keys }: PushOptions,
): readonly Figure[] {
  const first = new Map<number, Got>()
  const twice: Got[] = []
  const latest = new Map<number, number>() // by key
  const [disorder, renamed]: [string[], string[]] = [[], []]
  for (const one of got) {
    const known = first.get(one.n)
    if (known === undefined) {
      first.set(one.n, one)
      const before = latest.get(one.n % keys) ?? -1
      if (one.n < before) disorder.push(`event ${one.n} after ${before}`)
      latest.set(one.n % keys, Math.max(one.n, before))
    } else {
      twice.push(one)
      if (known.id !== one.id || known.webhook !== one.webhook) renamed.push(`event ${one.n}: ${known.id}, ${one.id}`)
    }
  }
  const lost = Array.from({ length: sent }, (_, n) => n).filter(n => !first.has(n))
  const causeless = twice.filter(({ n, kill }) => first.get(n)?.kill === kill)
  const worst = Math.max(
    0,
    ...Map.groupBy(twice, ({ kill }) => kill)
      .values()
      .map(each => each.length),
  )
  const most = Math.ceil((perSecond * mostTwiceMs) / 1_000)
  return [
    note('events', `${count(sent)} at ${perSecond}/s, gateway killed ${kills} times`),
    none(
      'an event that the subscriber never got',
      'none',
      sent,
      lost.map(n => `event ${n}`),
    ),
    none('an event of a key first got after a later one of it', 'none', sent, disorder),
    none(
      'an event got twice with no kill between',
      'none',
      got.length,
      causeless.map(({ n }) => `event ${n}`),
    ),
    none('an event got twice with another `ce-id` or `webhook-id`', 'none', twice.length, renamed),
    note('got twice', `${count(twice.length)}, ${(twice.length / kills).toFixed(1)} for each kill`),
    figure('got twice after the worst kill', `≤ ${most}`, worst, worst <= most),
    figure('settled', 'all', seconds(settledMs), lost.length === 0),
  ]
}
