// CPU per call of the whole chain around an instant service: every policy on, none refusing, many clients.
// Each policy's entries are counted in the same run, so that none can be cheap by not being there.
import { Config } from '../config/schema/index.ts'
import { Aborter } from '../src/aborter.ts'
import { pipe, unsent } from '../src/call.ts'
import type { Abortable, Call, CallId, CommandId, Policy, Reply, Service } from '../src/call.ts'
import { later, now } from '../src/clock.ts'
import { Drain } from '../src/resilience/drain.ts'
import { guardCluster, guardWorker } from '../src/resilience/guards.ts'
import { callStack, publishStack } from '../src/resilience/stack.ts'

const calls = Number(process.env['CALLS'] ?? 300_000)
const clients = 10_000
const atOnce = 256
const rounds = 5
const targetUs = 15

const config = Config.parse({
  workers: { orders: { topic: 'orders.commands', quota: { requests: 10_000_000, windowMs: 1_000 } } },
  routes: {
    'place-order': {
      match: 'POST /orders',
      command: { to: 'orders' },
      quota: { requests: 1_000_000, windowMs: 1_000 },
    },
  },
})
const route = config.routes['place-order']!

/** The policy, with its entries counted from outside. */
const counted =
  <In, Out>(entries: number[], i: number, policy: Policy<In, Out>): Policy<In, Out> =>
  next => {
    const service = policy(next)
    return input => {
      entries[i]!++
      return service(input)
    }
  }
const namesOf = <In, Out>(policies: readonly Policy<In, Out>[]): string[] =>
  policies.map(policy => policy(() => Promise.reject(new Error('never called'))).name)

type Outgoing = Abortable & Readonly<{ topic: string }>
const reply: Reply = { status: 200, headers: [], body: new Uint8Array() }
const acknowledged = { offset: 0n }
const broker: Service<Outgoing, typeof acknowledged> = () => Promise.resolve(acknowledged)
/** As the innermost service of a route does it: publish, then the answer. */
const request =
  (publish: typeof broker): Service<Call, Reply> =>
  async call => {
    await publish({ topic: call.topic, signal: call.signal })
    call.progress.outcome = 'sent'
    return reply
  }

const body = new Uint8Array(64)
const told = { method: 'POST', path: '/orders', query: '', params: [], headers: [], contentType: null, trace: [] }
const addresses = Array.from({ length: clients }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
const aCall = (i: number, aborter = new Aborter()): Call => ({
  id: 'id' as CallId,
  command: 'id' as CommandId,
  route: 'place-order',
  worker: 'orders',
  client: addresses[i % clients]!,
  priority: 'normal',
  topic: 'orders.commands',
  key: null,
  partition: 0,
  body,
  told,
  started: now(),
  deadline: later(5_000),
  expires: later(5_000),
  accepts: null,
  repeat: null,
  signal: aborter.signal,
  aborter,
  progress: unsent(),
  fault: null,
})

async function cpuPerCall(service: Service<Call, Reply>): Promise<number> {
  let i = 0
  const client = async (): Promise<void> => {
    while (i < calls) {
      await service(aCall(i++))
      if (i % atOnce === 0) await new Promise(resolve => setImmediate(resolve)) // as between two reads of the sockets
    }
  }
  const start = process.cpuUsage()
  await Promise.all(Array.from({ length: atOnce }, client))
  const { user, system } = process.cpuUsage(start)
  return (user + system) / calls
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

using worker = guardWorker('orders', config.workers['orders']!, route.timeoutMs)
using cluster = guardCluster(config.broker.publish, route.timeoutMs)
const outer = callStack({
  route,
  policies: config.policies,
  drain: new Drain('enforce'),
  checks: [() => null, () => cluster.circuit.wouldRefuse('gate')],
  worker,
  excused: () => false,
})
const inner = publishStack<Outgoing, typeof acknowledged>(cluster)
const names = [...namesOf(outer), ...namesOf(inner)]
const entries = names.map(() => 0)
const publish = pipe(
  inner.map((policy, i) => counted(entries, outer.length + i, policy)),
  broker,
)
const chain = pipe(
  outer.map((policy, i) => counted(entries, i, policy)),
  request(publish),
)
const bare = request(broker)

const withPolicies: number[] = []
const without: number[] = []
for (let round = 0; round < rounds; round++) {
  without.push(await cpuPerCall(bare))
  withPolicies.push(await cpuPerCall(chain))
}
const costUs = median(withPolicies) - median(without)

console.log(`${rounds} rounds of ${calls} calls, ${atOnce} at once, ${clients} clients\n`)
console.log('policy       entries per call')
for (const [i, name] of names.entries()) console.log(name.padEnd(12), (entries[i]! / rounds / calls).toFixed(3))
const us = (value: number): string => `${value.toFixed(2).padStart(6)} µs`
console.log(
  `\nwith all policies ${us(median(withPolicies))} a call  (${withPolicies.map(value => value.toFixed(1)).join(' ')})`,
)
console.log(`without           ${us(median(without))}         (${without.map(value => value.toFixed(1)).join(' ')})`)
console.log(`the policies      ${us(costUs)}         target < ${targetUs} µs`)
const entered = entries.every(count => count === rounds * calls)
if (!entered || costUs >= targetUs) {
  console.error(entered ? 'Above the target.' : 'A policy was not entered for each call.')
  process.exitCode = 1
}
