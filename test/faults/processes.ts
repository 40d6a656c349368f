import { Aborter } from '../../src/aborter.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { follow } from '../help/follow.ts'
import type { Seen } from '../help/follow.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { header } from '../help/record.ts'
import type { Scope } from '../help/scope.ts'
import { ask, json } from './ask.ts'
import type { Told } from './ask.ts'
import { Pair } from './pair.ts'
import { bookings, steps } from './bookings.ts'
import type { Booked } from './bookings.ts'
import { now, sleep } from './time.ts'

export type ProcessesOptions = Readonly<{ perSecond: number; kills: number; brokerDownMs: number; settleMs: number }>

const log = 'trips.log'
const mostOpen = 60 // a busy machine gets fewer trips, not all of them at once

/** What a client was told in the end of its trip; null: nothing. `again` is what the other instance says of it afterwards. */
type Trip = { readonly n: number; told: Told | null; again: Told | null }

/** Trips are booked, or undone, while the gateways are killed in turn, and the broker once. */
export async function processes(cluster: KafkaCluster, options: ProcessesOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const topics = steps.map(step => `${step}s.commands`)
  const broker = await kafkaBroker(scope, cluster.brokers, [log, ...topics])
  await broker.admin.create(topics.map(name => ({ name, partitions: 6, replication: -1, config: {} })))
  const booked = await bookings(scope, broker)
  const pair = await Pair.open(scope, configOf(cluster.brokers))
  const records = await follow(scope, broker, log)
  const begun = now()
  const trips: Trip[] = []
  const stop = new Aborter()
  const running: Promise<void>[] = []
  let open = 0
  const timer = setInterval(() => {
    while (open < mostOpen && trips.length < ((now() - begun) * options.perSecond) / 1_000) {
      const trip: Trip = { n: trips.length, told: null, again: null }
      trips.push(trip)
      open++
      running.push(book(pair, trip, stop).finally(() => void open--))
    }
  }, 5)
  held.defer(() => clearInterval(timer))
  await sleep(4_000)
  if (options.brokerDownMs > 0) {
    await cluster.nodes[0]!.restart(options.brokerDownMs)
    await sleep(3_000)
  }
  while (pair.kills < options.kills) await pair.kill()
  clearInterval(timer)
  const settling = now()
  const timeout = setTimeout(() => stop.abort(null), options.settleMs)
  await Promise.all(running)
  clearTimeout(timeout)
  const settledMs = now() - settling
  await sleep(3_000) // for what should not come
  for (const trip of trips) if (trip.told !== null) trip.again = await repeat(pair, trip)
  return figuresOf({ trips, booked, records, kills: pair.kills, settledMs })
}

const configOf = (brokers: string): string => `broker: { brokers: "${brokers}" }
log: { level: error }
operations: { topic: ${log}, replies: trips.replies, partitions: 6 }
workers:
${steps.map(step => `  ${step}s: { topic: ${step}s.commands }`).join('\n')}
processes:
  book-trip:
    steps:
${steps.map(step => `      - { name: ${step}, to: ${step}s, timeoutMs: 2000, attempts: 3, backoffMs: 100, undo: { timeoutMs: 2000, attempts: 10, backoffMs: 100 } }`).join('\n')}
routes:
  book-trip: { match: POST /trips, timeoutMs: 5000, idempotency: {}, process: { run: book-trip, key: body.trip } }
`

const isEnd = ({ status, code }: Told): boolean =>
  status === 200 || code === 'process-refused' || code === 'process-failed'
const request = (n: number): RequestInit => json({ n, trip: `t-${n}` }, { 'idempotency-key': `"trip-${n}"` })

/** Asks until it is told the end: with the same key after a broken connection or a refusal, or where a 202 says. */
async function book(pair: Pair, trip: Trip, stop: Aborter): Promise<void> {
  let location: string | null = null
  for (let at = trip.n; !stop.aborted; at++) {
    const url = pair.url(at)
    const told: Told | null = await (location === null
      ? ask(`${url}/trips`, request(trip.n))
      : ask(`${url}${location}`, { headers: { prefer: 'wait=2' } }))
    if (told !== null && isEnd(told)) {
      trip.told = told
      return
    }
    location ??= told?.status === 202 ? told.location : null
    await sleep(200)
  }
}

/** What the key says once all is over, from the other instance. */
const repeat = async (pair: Pair, { n }: Trip): Promise<Told | null> =>
  await ask(`${pair.url(n + 1)}/trips`, request(n))

type Ledger = Readonly<{
  trips: readonly Trip[]
  booked: Booked
  records: readonly Seen[]
  kills: number
  settledMs: number
}>

function figuresOf({ trips, booked, records, kills, settledMs }: Ledger): readonly Figure[] {
  const isWhole = ({ told }: Trip): boolean => told?.status === 200
  const say = ({ n, told, again }: Trip): string =>
    `trip ${n}: told ${told?.status ?? 'nothing'} ${told?.code ?? ''}, again ${again?.status ?? 'nothing'}; booked ${[...booked.of(n)].join(' ')}`
  const ended = trips.filter(({ told }) => told !== null)
  const halves = ended.filter(trip => booked.of(trip.n).size !== (isWhole(trip) ? steps.length : 0))
  const begun = new Set(records.filter(record => kindOf(record) === 'step').map(idOf))
  const over = new Set(records.filter(record => ends.has(kindOf(record))).map(idOf))
  const differing = ended.filter(({ told, again }) => again?.status !== told?.status)
  const twice = [...booked.executed].filter(([, ids]) => ids.size > 1).map(([step]) => step)
  const again = [...booked.sent.values()].reduce((sum, times) => sum + times - 1, 0)
  const by = (code: string): number => trips.filter(({ told }) => told?.code === code).length
  return [
    note('trips', `${count(trips.length)}, gateways killed ${kills} times`),
    note(
      'ends',
      `${ended.filter(isWhole).length} whole, ${by('process-refused')} refused, ${by('process-failed')} failed`,
    ),
    note('commands', `${count(booked.sent.size)}, ${count(again)} sendings beyond one for each`),
    none(
      'a trip whose client is told no end',
      'none',
      trips.length,
      trips.filter(({ told }) => told === null).map(say),
    ),
    none('a trip neither whole nor undone, or not what its client was told', 'none', ended.length, halves.map(say)),
    none('a trip of which another instance tells another end', 'none', ended.length, differing.map(say)),
    none('a step that a worker that drops duplicates executes twice', 'none', booked.executed.size, twice),
    none(
      'a process without an end in the log',
      'none',
      begun.size,
      [...begun].filter(id => !over.has(id)),
    ),
    figure('settled', 'all', seconds(settledMs), ended.length === trips.length),
  ]
}

const ends: ReadonlySet<string> = new Set(['completed', 'failed'])
const kindOf = ({ headers }: Seen): string => header(headers, 'sluice-event') ?? ''
const idOf = ({ key }: Seen): string => String(key).split('/', 1)[0] ?? ''
