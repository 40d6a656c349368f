// Run by endurance.test.ts in a process of its own, as the test runner's hooks make each promise several times as dear.
import { Config } from '../../config/schema/index.ts'
import { pipe } from '../../src/call.ts'
import type { Abortable, Call, Reply } from '../../src/call.ts'
import { alarms } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import { Drain } from '../../src/resilience/drain.ts'
import { guardCluster, guardWorker } from '../../src/resilience/guards.ts'
import { callStack, publishStack } from '../../src/resilience/stack.ts'
import { aCall, anAnswer } from '../help/call.ts'

type Publishing = Abortable & Readonly<{ topic: string }>
export type Told = Readonly<{ heap: number; grown: number; mostAlarms: number; alarms: number; inside: number }>

const atOnce = 500
const { workers, routes, broker, policies } = Config.parse({
  workers: { orders: { topic: 'orders.commands', quota: { requests: 10_000_000 } } },
  routes: { 'place-order': { match: 'POST /orders', command: { to: 'orders' }, quota: { requests: 1_000 } } },
})
const route = routes['place-order']!
const clients = Array.from({ length: 100_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
using worker = guardWorker('orders', workers['orders']!, route.timeoutMs)
using cluster = guardCluster(broker.publish, route.timeoutMs)
const door = new Drain('enforce')
const publish = pipe(publishStack<Publishing, number>(cluster), async () => 0)
const silence = new Problem('reply-timeout', 'silent')
let count = 0
const core = async (call: Call): Promise<Reply> => {
  await publish({ topic: call.topic, signal: call.signal })
  call.progress.outcome = 'sent'
  if (++count % 1_000 === 0) throw silence // what fails must leave as little
  return anAnswer
}
const service = pipe(callStack({ route, policies, drain: door, checks: [], worker }), core)

let mostAlarms = 0
async function calls(total: number): Promise<void> {
  for (let i = 0; i < total; i += atOnce) {
    const all: Promise<unknown>[] = []
    for (let j = i; j < i + atOnce; j++)
      all.push(service(aCall({ client: clients[j % clients.length]! })).catch(() => null))
    mostAlarms = Math.max(mostAlarms, alarms())
    await Promise.all(all)
  }
}
function heapAfterCollection(): number {
  ;(globalThis as unknown as { gc: () => void }).gc()
  return process.memoryUsage().heapUsed
}

await calls(100_000)
const heap = heapAfterCollection()
await calls(1_000_000)
const grown = heapAfterCollection() - heap
const inside = door.inside + worker.bulkhead.inFlight + worker.bulkhead.waiting
const told: Told = { heap, grown, mostAlarms, alarms: alarms(), inside }
console.log(JSON.stringify(told))
