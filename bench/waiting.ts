// npm run bench:waiting: what 100,000 calls cost that wait for their replies, driven below HTTP, and what is left of them: half
// are answered, half run out of time. Once through the bridge alone, once through every policy around it. The broker
// acknowledges at once and keeps nothing, so that what is measured is ours.
import { spawnSync } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Config } from '../config/schema/index.ts'
import { Aborter } from '../src/aborter.ts'
import type { Acknowledged, Incoming, Outgoing } from '../src/bridge/broker.ts'
import { Correlator } from '../src/bridge/correlate.ts'
import { requestReply, settleReplies } from '../src/bridge/request.ts'
import { pipe, unsent } from '../src/call.ts'
import type { Call, CallId, CommandId, Pair, Reply } from '../src/call.ts'
import { alarms, later, now } from '../src/clock.ts'
import { Problem } from '../src/problem.ts'
import { Drain } from '../src/resilience/drain.ts'
import { guardCluster, guardWorker } from '../src/resilience/guards.ts'
import { callStack, publishStack } from '../src/resilience/stack.ts'

const ways = ['bridge', 'policies'] as const
const way = ways.find(each => each === process.argv[2])
if (way === undefined) {
  // a process each: what one has touched would be the other's for nothing
  const again = (way: string): number | null =>
    spawnSync(process.execPath, [import.meta.filename, way], { stdio: 'inherit' }).status
  process.exit(ways.map(again).some(status => status !== 0) ? 1 : 0)
}

const calls = 100_000
const limitMb = 300
const timeoutMs = 20_000

const config = Config.parse({
  workers: {
    orders: { topic: 'orders.commands', bulkhead: { limit: 'fixed', slots: calls }, quota: { requests: 10_000_000 } },
  },
  routes: {
    'place-order': {
      match: 'POST /orders',
      command: { to: 'orders' },
      timeoutMs,
      quota: { requests: 10_000_000, windowMs: 1_000 },
    },
  },
})
const route = config.routes['place-order']!
using worker = guardWorker('orders', config.workers['orders']!, timeoutMs)
using cluster = guardCluster(config.broker.publish, timeoutMs)
const replies = new Correlator({ instance: 'waiting' })
const settle = settleReplies(replies)

/**
 * The ids that a worker would have read, copied into one store that is there before anything is measured: they are the other
 * side's, and a slice of what was published would keep the whole of it.
 */
const idBytes = 96
const ids = Buffer.alloc(calls * idBytes)
const lengths = new Uint8Array(calls)
let read = 0
const keep = (id: Uint8Array): void => {
  ids.set(id, read * idBytes)
  lengths[read++] = id.length
}
const alone = way === 'bridge'
const publish = pipe<Outgoing, Acknowledged>(alone ? [] : publishStack(cluster), ({ partition, headers }) => {
  const id = headers.find(([name]) => name === 'sluice-correlation-id')?.[1]
  if (id !== undefined) keep(id)
  return Promise.resolve({ partition, offset: 0n })
})
const policies = callStack({
  route,
  policies: config.policies,
  drain: new Drain('enforce'),
  checks: [() => cluster.circuit.wouldRefuse('gate')],
  worker,
})
const service = pipe(
  alone ? [] : policies,
  requestReply(publish, replies, {
    route: 'place-order',
    template: '/orders',
    instance: 'waiting',
    dialect: 'sluice',
    reply: { topic: 'gateway.replies', partition: 0 },
    maxReplyBytes: config.replies.maxBytes,
  }),
)

const none: readonly Pair[] = [] // as of every request that brings none
const aCall = (i: number, aborter = new Aborter()): Call => ({
  id: `call-${i}` as CallId,
  command: `command-${i}` as CommandId,
  route: 'place-order',
  worker: 'orders',
  client: `10.0.${(i >> 8) & 255}.${i & 255}`,
  priority: 'normal',
  topic: 'orders.commands',
  key: Buffer.from(`o-${i}`),
  partition: i % 12,
  body: Buffer.from(`{"orderId":"o-${i}","amount":42}`),
  told: { method: 'POST', path: '/orders', query: '', params: none, headers: none, contentType: null, trace: none },
  started: now(),
  deadline: later(timeoutMs),
  expires: later(timeoutMs),
  accepts: null,
  repeat: null,
  signal: aborter.signal,
  aborter,
  progress: unsent(),
  fault: null,
})
const answerTo = (i: number): Incoming => ({
  topic: 'gateway.replies',
  partition: 0,
  offset: 0n,
  timestamp: 0,
  key: null,
  value: Buffer.from('{}'),
  headers: [
    ['sluice-correlation-id', ids.subarray(i * idBytes, i * idBytes + (lengths[i] ?? 0))],
    ['sluice-status', Buffer.from('201')],
  ],
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
type Memory = Readonly<{ rss: number; held: number }>
async function memory(): Promise<Memory> {
  await turn()
  const { rss } = process.memoryUsage() // before collecting: garbage costs memory too
  collect()
  await turn()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return { rss: rss / 2 ** 20, held: (heapUsed + external) / 2 ** 20 }
}

const ends = { answered: 0, timeout: 0, other: 0 }
const end = (result: Reply | Problem): void => {
  if (!(result instanceof Problem)) ends.answered++
  else if (result.code === 'reply-timeout') ends.timeout++
  else ends.other++
}
const fail = (error: unknown): void => end(Problem.from(error))
async function enter(count: number): Promise<Promise<void>[]> {
  const entered: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    entered.push(service(aCall(i)).then(end, fail))
    if (i % 256 === 0) await turn() // as between two reads of the sockets
  }
  return entered
}

/** The worker answers so many of those whose ids it has read, from the first on. */
function answer(count: number): void {
  for (let i = 0; i < count; i++) settle(answerTo(i))
  read = 0
}

const first = await enter(1_000) // what is compiled and built once is no call's cost
answer(1_000)
await Promise.all(first)
ends.answered = 0

const before = await memory()
let entered = await enter(calls)
const waiting = { calls: replies.size, alarms: alarms() }
const during = await memory()
answer(calls / 2)
await Promise.all(entered)
entered = []
const ended = { ...ends }
// clients that have not called for as long as their quota looks back are forgotten with the next call, whatever becomes of it:
// after so many timeouts the circuit is open
const [last] = await enter(1)
answer(read)
await last
const after = await memory()

const rssMb = during.rss - before.rss
const heldMb = during.held - before.held
const leftMb = after.held - before.held
const left = { calls: replies.size, alarms: alarms(), inFlight: worker.bulkhead.inFlight }
const mb = (value: number): string => `${value.toFixed(1)} MB`
console.log(
  `${alone ? 'The bridge alone' : 'With every policy'}: ${waiting.calls} calls waiting, ${waiting.alarms} alarms set`,
)
console.log(`they hold ${mb(heldMb)} (limit ${limitMb} MB); the process grew by ${mb(rssMb)}, garbage included`)
console.log(`ended: ${ended.answered} answered, ${ended.timeout} by reply-timeout, ${ended.other} otherwise`)
console.log(`left: ${left.calls} calls, ${left.alarms} alarms, ${left.inFlight} slots taken, ${mb(leftMb)} held`)
const clean = left.calls === 0 && left.alarms === 0 && left.inFlight === 0 && leftMb < heldMb / 100
const complete = waiting.calls === calls && ended.answered === calls / 2 && ended.timeout === calls / 2
if (!clean || !complete || heldMb >= limitMb) {
  console.error(!complete ? 'Not all calls waited.' : clean ? 'Above the limit.' : 'Something was left behind.')
  process.exitCode = 1
}
