// npm run bench:events: what matching by domain events costs beside matching by correlation id: the same calls through the same request
// service and embedded broker in one process, in turns, so that only the matching differs.
import { Config } from '../config/schema/index.ts'
import { Aborter } from '../src/aborter.ts'
import { Correlator } from '../src/bridge/correlate.ts'
import { DomainEvents } from '../src/bridge/domain/index.ts'
import type { Headers, Incoming } from '../src/bridge/broker.ts'
import { MemoryBroker } from '../src/bridge/memory.ts'
import { requestReply, settleReplies } from '../src/bridge/request.ts'
import { unsent } from '../src/call.ts'
import type { Call, CallId, CommandId, Reply, Service } from '../src/call.ts'
import { later, now } from '../src/clock.ts'

const calls = Number(process.env['CALLS'] ?? 8_000)
const rounds = 41 // short ones: what else the machine does strikes both of a round
const atOnce = 64
const limit = 1.15

await using broker = new MemoryBroker()
const signal = new AbortController().signal
const topics = ['orders.commands', 'gateway.replies', 'orders.events']
await broker.admin.create(topics.map(name => ({ name, partitions: 4, replication: 1, config: {} })))
const { routes } = Config.parse({
  workers: { orders: { topic: 'orders.commands' } },
  routes: {
    'place-order': {
      match: 'POST /orders',
      command: { to: 'orders', key: 'body.orderId' },
      replies: { topic: 'orders.events', outcomes: { OrderPlaced: 201 } },
    },
  },
})
const domain = new DomainEvents(routes, broker)
await domain.open()
const replies = new Correlator({ instance: 'bench' })
await broker.subscribe({ topic: 'gateway.replies', partitions: 'all', from: 'end' }, settleReplies(replies))

const answer = (topic: string, { partition, key, value }: Incoming, headers: Headers): void =>
  void broker.publish({ topic, partition, key, value, headers, acks: 'all', signal })
await broker.subscribe({ topic: 'orders.commands', partitions: 'all', from: 'end' }, command => {
  const correlation = command.headers.find(([name]) => name === 'sluice-correlation-id')
  if (correlation !== undefined)
    return answer('gateway.replies', command, [correlation, ['sluice-status', Buffer.from('201')]])
  const id = command.headers.find(([name]) => name === 'ce_id')?.[1] ?? new Uint8Array()
  answer('orders.events', command, [
    ['ce_type', Buffer.from('OrderPlaced')],
    ['ce_id', id],
  ])
})

const options = {
  route: 'place-order',
  template: '/orders',
  instance: 'bench',
  dialect: 'sluice',
  maxReplyBytes: 1_000_000,
} as const
const publish = broker.publish.bind(broker)
const ways = {
  id: requestReply(publish, replies, { ...options, reply: { topic: 'gateway.replies', partition: 0 } }),
  events: requestReply(publish, domain.repliesOf('place-order'), { ...options, reply: null }),
} as const

const told = { method: 'POST', path: '/orders', query: '', params: [], headers: [], contentType: null, trace: [] }
let sent = 0
function aCall(): Call {
  const id = `o-${sent++}`
  const key = Buffer.from(id)
  const aborter = new Aborter()
  return {
    id: id as CallId,
    command: id as CommandId,
    route: 'place-order',
    worker: 'orders',
    client: '::1',
    priority: 'normal',
    topic: 'orders.commands',
    key,
    partition: broker.partitionFor('orders.commands', key),
    body: Buffer.from(`{"orderId":"${id}","amount":42}`),
    told,
    started: now(),
    deadline: later(60_000),
    expires: later(60_000),
    accepts: null,
    repeat: null,
    signal: aborter.signal,
    aborter,
    progress: unsent(),
    fault: null,
  }
}

/** CPU microseconds a call. */
async function measure(service: Service<Call, Reply>): Promise<number> {
  const begun = process.cpuUsage()
  let left = calls
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const { status } = await service(aCall())
      if (status !== 201) throw new Error(`status ${status}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, caller))
  const { user, system } = process.cpuUsage(begun)
  return (user + system) / calls
}

const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN
const times = { id: [] as number[], events: [] as number[] }
for (const service of Object.values(ways)) await measure(service) // warm
for (let round = 0; round < rounds; round++)
  for (const name of round % 2 === 0 ? (['id', 'events'] as const) : (['events', 'id'] as const))
    times[name].push(await measure(ways[name]))
const [byId, byEvents] = [median(times.id), median(times.events)]
const ratio = median(times.events.map((time, round) => time / (times.id[round] ?? NaN)))
console.log(
  `by correlation id ${byId.toFixed(1)} µs of CPU a call, by domain events ${byEvents.toFixed(1)} µs: ${ratio.toFixed(2)}× (limit ${limit}×)`,
)
await domain[Symbol.asyncDispose]()
process.exitCode = ratio <= limit ? 0 : 1
