import { writeFileSync } from 'node:fs'
import { Aborter } from '../../src/aborter.ts'
import { readDead } from '../../src/bridge/dead.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { folder } from '../help/folder.ts'
import { httpServer } from '../help/httpserver.ts'
import type { Answers } from '../help/httpserver.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { follow } from '../help/follow.ts'
import type { Seen } from '../help/follow.ts'
import { header, pairs } from '../help/record.ts'
import type { Scope } from '../help/scope.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import { now, sleep } from './time.ts'

export type CallsOptions = Readonly<{
  perSecond: number
  keys: number
  kills: number // of the gateway
  upstreamDownMs: number
  brokerDownMs: number // 0: it is left alone
  settleMs: number // for what is left at the end
}>

const topic = 'shop.commands'
const dead = `${topic}.dead`
const answers = 'shop.answers'
const brokenEvery = 97 // these are answered 503 for ever

/** Commands become calls while the upstream is stopped, the broker is killed, and the gateway is killed again and again. */
export async function calls(cluster: KafkaCluster, options: CallsOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const broker = await kafkaBroker(scope, cluster.brokers, [topic, dead, answers])
  await broker.admin.create([topic, dead, answers].map(name => ({ name, partitions: 6, replication: -1, config: {} })))
  const [replies, letters] = [await follow(scope, broker, answers), await follow(scope, broker, dead)]

  const executed: number[] = []
  const serve: Answers = (_req, res, body) => {
    const n = Number(body)
    executed.push(n)
    setTimeout(() => res.writeHead(n % brokenEvery === 0 ? 503 : 201).end(body), 5)
  }
  const upstream = await httpServer(scope, serve)
  const file = `${folder(scope)}/gateway.yaml`
  writeFileSync(
    file,
    `broker: { brokers: "${cluster.brokers}" }
log: { level: error }
upstreams: { shop: { urls: ["${upstream.url}"], breaker: { openMs: 200, openMaxMs: 1000 } } }
calls: { shop: { topic: ${topic}, upstream: shop, attempts: 2, baseMs: 10, repeatable: true } }
routes: {}
`,
  )
  const launch = () => sluice(scope, ['start', file, ...freePorts])
  let gateway = launch()
  const stop = new Aborter()
  const producing = produce(broker, options, stop)
  await sleep(8_000)

  await upstream.close()
  await sleep(options.upstreamDownMs)
  const back = await httpServer(scope, serve, upstream.port)
  await sleep(3_000)
  if (options.brokerDownMs > 0) {
    await cluster.nodes[0]!.restart(options.brokerDownMs)
    await sleep(5_000)
  }
  for (let kill = 0; kill < options.kills; kill++) {
    gateway.kill('SIGKILL')
    await gateway.ended
    gateway = launch()
    const [before, begun] = [executed.length, now()]
    while (executed.length === before && now() - begun < 30_000) await sleep(50)
    await sleep(500 + Math.random() * 1_500)
  }
  stop.abort(null)
  const sent = await producing
  const begun = now()
  const left = (): number => sent - new Set([...replies.map(numberOf), ...letters.map(numberOf)]).size
  while (left() > 0 && now() - begun < options.settleMs) await sleep(200)
  const settledMs = now() - begun
  await sleep(2_000) // for what should not come
  void back
  return figuresOf({ sent, replies, letters, executed, keys: options.keys, settledMs, kills: options.kills })
}

const numberOf = ({ headers }: Seen): number => Number(header(headers, 'sluice-correlation-id'))

/** Sends commands until it is stopped, each once; their number. What the broker does not take is sent again until it does. */
async function produce(broker: KafkaBroker, { perSecond, keys }: CallsOptions, stop: Aborter): Promise<number> {
  let n = 0
  while (!stop.aborted) {
    const key = Buffer.from(`key-${n % keys}`)
    const headers = pairs({
      'sluice-correlation-id': String(n),
      'sluice-reply-to': answers,
      'sluice-reply-partition': String((n % keys) % 6),
      ce_id: `command-${n}`,
    })
    const record = { topic, key, value: Buffer.from(String(n)), headers, acks: 'all', signal: new Aborter() } as const
    for (let written = false; !written;)
      try {
        await broker.publish({ ...record, partition: broker.partitionFor(topic, key) })
        written = true
      } catch {
        await sleep(100) // it may be there already: the ledger knows commands by their number
      }
    n++
    if (n % 10 === 0) await sleep(10_000 / perSecond)
  }
  return n
}

type Ledger = Readonly<{
  sent: number
  replies: readonly Seen[]
  letters: readonly Seen[]
  executed: readonly number[]
  keys: number
  settledMs: number
  kills: number
}>

function figuresOf({ sent, replies, letters, executed, keys, settledMs, kills }: Ledger): readonly Figure[] {
  const ends = new Map<number, string[]>()
  for (const reply of replies) put(ends, numberOf(reply), `reply ${header(reply.headers, 'sluice-status')}`)
  for (const letter of letters)
    put(ends, numberOf(letter), readDead({ ...letter, topic: dead, timestamp: 0 })?.reason ?? 'no letter')
  const all = Array.from({ length: sent }, (_, n) => n)
  const lost = all.filter(n => !ends.has(n)).map(n => `command ${n} has no end`)
  const twice = all.filter(n => (ends.get(n)?.length ?? 0) > 1).map(n => `command ${n}: ${ends.get(n)?.join(', ')}`)
  const wrong = all
    .filter(n => ends.has(n) && (n % brokenEvery === 0) !== (ends.get(n)?.[0] === 'exhausted'))
    .map(n => `command ${n}: ${ends.get(n)?.join(', ')}`)
  const first = new Map<number, number>() // by key: the latest command that was begun
  const disorder: string[] = []
  for (const n of new Set(executed)) {
    const before = first.get(n % keys) ?? -1
    if (n < before) disorder.push(`command ${n} after ${before}`)
    first.set(n % keys, Math.max(n, before))
  }
  const attempts = all.filter(n => n % brokenEvery === 0).length
  return [
    note('commands', `${count(sent)}, ${count(letters.length)} given up, gateway killed ${kills} times`),
    none('a command without a reply and without a dead letter', 'none', sent, lost),
    none('a command with more than one end', 'none', sent, twice),
    none('a command given up that the upstream serves, or answered though it refuses it', 'none', sent, wrong),
    none('a command of a key begun after a later one of it', 'none', sent, disorder),
    note('called again', `${count(executed.length - sent - attempts)} beyond the attempts that were asked for`),
    figure('settled', 'all', seconds(settledMs), lost.length === 0),
  ]
}

function put(map: Map<number, string[]>, n: number, end: string): void {
  const known = map.get(n)
  if (known === undefined) map.set(n, [end])
  else known.push(end)
}
