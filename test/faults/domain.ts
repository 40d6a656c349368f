import { Aborter } from '../../src/aborter.ts'
import type { Incoming } from '../../src/bridge/broker.ts'
import type { KafkaBroker } from '../../src/bridge/kafka/kafka.ts'
import { count, figure, none, note, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { follow } from '../help/follow.ts'
import type { Seen } from '../help/follow.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { header, pairs } from '../help/record.ts'
import type { Scope } from '../help/scope.ts'
import { ask, json } from './ask.ts'
import type { Told } from './ask.ts'
import { Pair } from './pair.ts'
import { now, sleep } from './time.ts'

export type DomainOptions = Readonly<{ perSecond: number; kills: number; brokerDownMs: number }>

const [commands, facts] = ['orders.commands', 'orders.events'] as const
const shelves = 20 // keys that calls share: their events are told apart by the id of the command
const isRejected = (n: number): boolean => n % 7 === 0
const isIgnored = (n: number): boolean => n % 50 === 1 // the service never says what became of it

type Asked = Readonly<{ n: number; told: Told }>

/** Calls are answered by the events of a service that knows no gateway, while the gateways are killed in turn, and the broker once. */
export async function domain(cluster: KafkaCluster, options: DomainOptions): Promise<readonly Figure[]> {
  await using held = new AsyncDisposableStack()
  const scope: Scope = { after: end => held.defer(async () => await end()) }
  const broker = await kafkaBroker(scope, cluster.brokers, [commands, facts])
  await broker.admin.create([commands, facts].map(name => ({ name, partitions: 6, replication: -1, config: {} })))
  const [records, told] = [await follow(scope, broker, commands), await follow(scope, broker, facts)]
  const service = await broker.subscribe(
    { topic: commands, partitions: 'all', from: 'earliest' },
    record => void answer(broker, record),
  )
  held.use(service)
  const pair = await Pair.open(
    scope,
    `broker: { brokers: "${cluster.brokers}" }
log: { level: error }
workers: { orders: { topic: ${commands} } }
routes:
  by-key:
    match: POST /orders
    command: { to: orders, key: body.order }
    timeoutMs: 5000
    replies: { topic: ${facts}, outcomes: { OrderPlaced: 201, OrderRejected: 409 } }
  by-id:
    match: POST /lines
    command: { to: orders, key: body.shelf }
    timeoutMs: 5000
    replies: { topic: ${facts}, match: header.causation-id, equals: id, outcomes: { OrderPlaced: 201, OrderRejected: 409 } }
`,
  )
  const asking = load(pair, options.perSecond)
  await sleep(5_000)
  if (options.brokerDownMs > 0) {
    await cluster.nodes[0]!.restart(options.brokerDownMs)
    await sleep(3_000)
  }
  while (pair.kills < options.kills) await pair.kill()
  await sleep(2_000)
  const begun = now()
  const asked = await asking.stop()
  const settledMs = now() - begun
  await sleep(2_000) // for what should not come
  return figuresOf(asked, records, told, pair.kills, settledMs)
}

/** Steady calls, each once: where nobody listens the other instance is asked. */
function load(pair: Pair, perSecond: number) {
  const asked: Promise<Asked>[] = []
  const one = async (n: number): Promise<Asked> => {
    const [path, body] =
      n % 2 === 0 ? ['/orders', { n, order: `o-${n}` }] : ['/lines', { n, shelf: `s-${n % shelves}` }]
    for (let at = n >> 1; ; at++) {
      const told = await ask(pair.url(at) + path, json(body))
      if (told !== null) return { n, told }
      await sleep(20)
    }
  }
  const begun = now()
  const timer = setInterval(() => {
    while (asked.length < ((now() - begun) * perSecond) / 1_000) asked.push(one(asked.length))
  }, 5)
  return {
    stop: async (): Promise<readonly Asked[]> => {
      clearInterval(timer)
      return await Promise.all(asked)
    },
  }
}

const numberOf = ({ value }: Pick<Seen, 'value'>): number => (JSON.parse(String(value)) as { n: number }).n

/** The service: it says what has happened, until the broker has it. An event that the broker took unheard is told twice, with one id. */
async function answer(broker: KafkaBroker, { key, value, headers, partition }: Incoming): Promise<void> {
  const n = numberOf({ value: value === null ? null : Buffer.from(value) })
  const id = header(headers, 'ce_id') ?? ''
  const said = { ce_type: isRejected(n) ? 'OrderRejected' : 'OrderPlaced', ce_id: `event-${id}`, 'causation-id': id }
  if (isIgnored(n)) return
  const event = { topic: facts, partition, key, value, headers: pairs(said), acks: 'all' } as const
  for (let told = false; !told;)
    try {
      await broker.publish({ ...event, signal: new Aborter() })
      told = true
    } catch {
      await sleep(100)
    }
}

function figuresOf(
  asked: readonly Asked[],
  records: readonly Seen[],
  told: readonly Seen[],
  kills: number,
  settledMs: number,
): readonly Figure[] {
  const inTopic = new Map<number, Set<string>>() // the ids of the commands of each call
  for (const record of records) {
    const n = numberOf(record)
    inTopic.set(n, (inTopic.get(n) ?? new Set()).add(header(record.headers, 'ce_id') ?? ''))
  }
  const ids = new Set(told.map(({ headers }) => header(headers, 'ce_id')))
  const say = ({ n, told: { status, outcome, code, body } }: Asked): string =>
    `call ${n}: ${status} ${outcome} ${code} ${String(body['n'] ?? '')}`.trimEnd()
  const answered = asked.filter(({ told: { status } }) => status === 201 || status === 409)
  const counted = (wanted: (told: Told) => boolean): Asked[] => asked.filter(({ told }) => wanted(told))
  const [unsent, sent] = [
    counted(is('not-sent')),
    counted(({ status, outcome }) => outcome === 'sent' && status >= 500),
  ]
  const [doubt, broken] = [counted(is('in-doubt')), counted(is('broken'))]
  const known = new Set([...answered, ...unsent, ...sent, ...doubt, ...broken])
  const wrong = ({ n, told: { status, body } }: Asked): boolean =>
    body['n'] !== n || status !== (isRejected(n) ? 409 : 201) || isIgnored(n)
  const unanswered = Map.groupBy([...unsent, ...sent, ...doubt], ({ told: { outcome, code } }) => `${outcome} ${code}`)
  const done = [...doubt, ...broken].filter(({ n }) => inTopic.has(n))
  return [
    note('calls', `${count(asked.length)}, gateways killed ${kills} times; ${count(answered.length)} answered`),
    note('not answered', [...unanswered].map(([what, of]) => `${of.length} × ${what}`).join(', ')),
    note('connection broken by a kill', `${broken.length}; of these and of those in doubt ${done.length} were sent`),
    note('events', `${count(told.length)}, ${count(told.length - ids.size)} of them told twice`),
    none('a call without an end', 'none', asked.length, asked.filter(one => !known.has(one)).map(say)),
    none(
      "a call answered with another's event, or with a status that is not its own",
      'none',
      answered.length,
      answered.filter(wrong).map(say),
    ),
    none(
      'a call answered whose command is not in the topic',
      'none',
      answered.length,
      answered.filter(({ n }) => !inTopic.has(n)).map(say),
    ),
    none(
      'a call told `not-sent` whose command is in the topic',
      'none',
      unsent.length,
      unsent.filter(({ n }) => inTopic.has(n)).map(say),
    ),
    none(
      'a call told `sent` whose command is not in the topic',
      'none',
      sent.length,
      sent.filter(({ n }) => !inTopic.has(n)).map(say),
    ),
    none(
      'a call with two commands',
      'none',
      inTopic.size,
      [...inTopic].filter(([, all]) => all.size > 1).map(([n]) => `call ${n}`),
    ),
    figure('settled', 'all', seconds(settledMs), known.size === asked.length),
  ]
}

const is =
  (outcome: string) =>
  (told: Told): boolean =>
    told.outcome === outcome
