import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import fc from 'fast-check'
import { Config } from '../../config/schema/index.ts'
import { pipe } from '../../src/call.ts'
import type { Abortable, Call, Policy, Reply, Service } from '../../src/call.ts'
import { after, alarms, later, now, since, until } from '../../src/clock.ts'
import { Problem, outcomes, strongest } from '../../src/problem.ts'
import type { Outcome } from '../../src/problem.ts'
import { Drain } from '../../src/resilience/drain.ts'
import { explain } from '../../src/resilience/explain.ts'
import { Faults } from '../../src/resilience/faults/faults.ts'
import { guardCluster, guardWorker } from '../../src/resilience/guards.ts'
import { Repetition } from '../../src/resilience/repetition/repetition.ts'
import { wraps } from '../../src/resilience/layer.ts'
import { callLayers, callStack, publishLayers, publishStack, repeatStack } from '../../src/resilience/stack.ts'
import type { CallParts } from '../../src/resilience/stack.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { heldService } from '../help/service.ts'
import { heard } from './heard.ts'

type Publishing = Abortable & Readonly<{ topic: string }>
type Options = Readonly<{ worker?: object; route?: object; publish?: object; policies?: object }>
const acknowledged = { offset: 0n }

/** The whole chain as app.ts builds it, from a configuration. */
function aChain(
  core: Service<Call, Reply>,
  options: Options = {},
  more: Partial<CallParts> = {},
  broker: Service<Publishing, typeof acknowledged> = async () => acknowledged,
) {
  const config = Config.parse({
    workers: { orders: { topic: 'orders.commands', ...options.worker } },
    routes: { 'place-order': { match: 'POST /orders', command: { to: 'orders' }, ...options.route } },
    broker: { publish: options.publish ?? {} },
    policies: options.policies ?? {},
  })
  const route = config.routes['place-order']!
  const worker = guardWorker('orders', config.workers['orders']!, route.timeoutMs)
  const cluster = guardCluster(config.broker.publish, route.timeoutMs)
  const door = new Drain(config.policies.drain)
  const checks = [() => cluster.circuit.wouldRefuse('gate')]
  const policies = callStack({ route, policies: config.policies, drain: door, checks, worker, ...more })
  const publishing = publishStack<Publishing, typeof acknowledged>(cluster)
  const dispose = (): void => {
    worker[Symbol.dispose]()
    cluster[Symbol.dispose]()
  }
  const publish = pipe(publishing, broker)
  return { call: pipe(policies, core), publish, policies, publishing, worker, cluster, door, [Symbol.dispose]: dispose }
}
const namesOf = <In, Out>(policies: readonly Policy<In, Out>[]): string[] =>
  policies.map(policy => policy(() => Promise.reject(new Error('never called'))).name)
const answers = async (): Promise<Reply> => anAnswer
const silence = (): Promise<Reply> => Promise.reject(new Problem('reply-timeout', 'silent'))
const held = (): Promise<Reply> => Promise.withResolvers<Reply>().promise
/** Long enough for every call of the test to have ended. */
async function passed(clock: ReturnType<typeof frozenClock>): Promise<void> {
  await clock.advance(5_000)
  await clock.advance(30)
  equal(alarms(), 0)
}
const quotas = { route: { quota: { requests: 100 } }, worker: { quota: { requests: 100 } } }

test('the policies stand in their order, the outermost first', t => {
  frozenClock(t)
  using chain = aChain(answers, quotas)
  deepEqual(namesOf(chain.policies), [
    'drain',
    'deadline',
    'quota',
    'gate',
    'leased',
    'bulkhead',
    'breaker',
    'partition',
  ])
  deepEqual(namesOf(chain.publishing), ['retry', 'attempt', 'breaker'])
})

test("a fallback stands where it sees every failure below, and none of the caller's own", async t => {
  frozenClock(t)
  const reply = { ...anAnswer, status: 203 }
  const fallback = [{ kind: 'fixed', reply }] as const
  using chain = aChain(silence, { route: { quota: { requests: 10, windowMs: 60_000 } } }, { fallback })
  deepEqual(namesOf(chain.policies), [
    'drain',
    'deadline',
    'quota',
    'fallback',
    'gate',
    'bulkhead',
    'breaker',
    'partition',
  ])
  for (let i = 0; i < 10; i++) equal(await chain.call(aCall()), reply)
  equal(chain.worker.circuit.state, 'open')
  await rejects(chain.call(aCall()), { code: 'rate-limited' })
  using off = aChain(silence, { policies: { fallback: 'off' } }, { fallback })
  deepEqual(namesOf(off.policies), ['drain', 'deadline', 'gate', 'bulkhead', 'breaker', 'partition'])
})

test('an event has nobody to protect: it is drained, timed, counted and gated', t => {
  frozenClock(t)
  using chain = aChain(answers, quotas, { worker: null })
  deepEqual(namesOf(chain.policies), ['drain', 'deadline', 'quota', 'gate'])
})

test('as shipped there is no quota, and what is off is not there at all', t => {
  frozenClock(t)
  const off = { mode: 'off' }
  using shipped = aChain(answers)
  deepEqual(namesOf(shipped.policies), ['drain', 'deadline', 'gate', 'bulkhead', 'breaker', 'partition'])
  using nothing = aChain(answers, {
    policies: { drain: 'off', deadline: 'off', gate: 'off', fallback: 'off' },
    worker: { breaker: off, bulkhead: off, partitionBreaker: off, quota: { requests: 1, ...off } },
    route: { quota: { requests: 1, ...off } },
    publish: { ...off, breaker: off },
  })
  deepEqual(namesOf(nothing.policies), [])
  deepEqual(namesOf(nothing.publishing), ['attempt'])
  using once = aChain(answers, { publish: { attempts: 1 } })
  deepEqual(namesOf(once.publishing), ['attempt', 'breaker'])
})

test('with every policy observed, nothing is refused', async t => {
  const clock = frozenClock(t)
  const observe = { mode: 'observe' }
  using chain = aChain(silence, {
    policies: { drain: 'observe', deadline: 'observe', gate: 'observe' },
    worker: {
      breaker: observe,
      bulkhead: { ...observe, limit: 'fixed', slots: 1, queue: 0 },
      quota: { requests: 1, ...observe },
    },
    route: { quota: { requests: 1, ...observe } },
  })
  chain.door.begin()
  const refused = heard(t, 'refused')
  for (let i = 0; i < 20; i++) {
    const all = Array.from({ length: 3 }, () => rejects(chain.call(aCall()), { code: 'reply-timeout' }))
    await clock.advance(1)
    await Promise.all(all)
  }
  equal(chain.worker.circuit.state, 'open')
  ok(refused.every(({ observed }) => observed))
  deepEqual(
    [...new Set(refused.map(({ policy }) => policy))].sort(),
    ['breaker', 'bulkhead', 'drain', 'lease', 'quota'], // the gate asks a circuit that only observes
  )
})

test('where a group is watched, the gate needs to know which partitions answer', t => {
  frozenClock(t)
  using chain = aChain(answers, { worker: { group: 'workers', partitionBreaker: { mode: 'off' } } })
  ok(namesOf(chain.policies).includes('partition'))
})

test('one silent partition does not open the circuit of the worker while others answer', async t => {
  const clock = frozenClock(t)
  for (const [mode, state] of [
    ['enforce', 'closed'],
    ['observe', 'open'],
    ['off', 'open'],
  ] as const) {
    const { service, taken } = heldService()
    using chain = aChain(service, { worker: { partitionBreaker: { mode } } })
    const silent = Array.from({ length: 10 }, () => chain.call(aCall({ partition: 7 })))
    await clock.advance(1)
    const answered = chain.call(aCall({ partition: 3 }))
    taken.at(-1)!.reply(anAnswer)
    await answered
    await clock.advance(1)
    for (const { fail } of taken.slice(0, 10)) fail(new Problem('reply-timeout', 'silent'))
    await Promise.allSettled(silent)
    equal(chain.worker.circuit.state, state, mode)
  }
})

test('what the caller has used up takes nothing that is shared', async t => {
  const clock = frozenClock(t)
  using chain = aChain(held, { ...quotas, route: { quota: { requests: 1, windowMs: 60_000 } } })
  void chain.call(aCall()).catch(() => {})
  for (let i = 0; i < 50; i++) await rejects(chain.call(aCall()), { code: 'rate-limited', policy: 'quota' })
  equal(chain.worker.bulkhead.inFlight, 1)
  let left = 0
  while (chain.worker.lease!.spend()) left++
  equal(left, 99)
  await passed(clock)
})

test('an open circuit refuses at the gate, before a slot and the worker’s total are taken', async t => {
  const clock = frozenClock(t)
  using chain = aChain(silence, {
    worker: { quota: { requests: 100 }, bulkhead: { limit: 'fixed', slots: 5, queue: 0 } },
  })
  for (let i = 0; i < 5; i++) await rejects(chain.call(aCall()), { code: 'reply-timeout' })
  for (let i = 0; i < 500; i++) await rejects(chain.call(aCall()), { code: 'circuit-open', policy: 'gate' })
  let left = 0
  while (chain.worker.lease!.spend()) left++
  equal(left, 95)
  await passed(clock)
})

test('a bulkhead that overflows tenfold says nothing about the worker', async t => {
  const clock = frozenClock(t)
  using chain = aChain(held, {
    worker: {
      bulkhead: { limit: 'fixed', slots: 10, queue: 10 },
      breaker: { consecutive: 1, minCalls: 1, failurePercent: 0 },
    },
  })
  const all = Array.from({ length: 200 }, () => chain.call(aCall()).catch((problem: Problem) => problem.code))
  await clock.advance(100)
  const ends = await Promise.all(all.slice(10))
  equal(ends.filter(end => end === 'bulkhead-full').length, 190)
  equal(chain.worker.circuit.state, 'closed')
  await passed(clock)
})

test('the statuses that the worker names count against it, others do not', async t => {
  frozenClock(t)
  let status = 500
  const core = async (): Promise<Reply> => ({ ...anAnswer, status })
  using chain = aChain(core, { worker: { breaker: { failOn: [418, 500] } } })
  status = 503
  for (let i = 0; i < 30; i++) await chain.call(aCall())
  equal(chain.worker.circuit.state, 'closed')
  status = 418
  for (let i = 0; i < 29; i++) await chain.call(aCall())
  equal(chain.worker.circuit.state, 'closed')
  await chain.call(aCall())
  equal(chain.worker.circuit.state, 'open')
})

test('while our own reader is dead the circuit of the worker stays closed', async t => {
  frozenClock(t)
  let dead = true
  using chain = aChain(silence, {}, { excused: since => dead && since <= now() })
  for (let i = 0; i < 100; i++) await rejects(chain.call(aCall()), { code: 'reply-timeout' })
  equal(chain.worker.circuit.state, 'closed')
  dead = false
  for (let i = 0; i < 5; i++) await rejects(chain.call(aCall()), { code: 'reply-timeout' })
  equal(chain.worker.circuit.state, 'open')
})

test('a silent worker is found out at the timeout, though its commands live longer', async t => {
  const clock = frozenClock(t)
  const core: Service<Call, Reply> = call => {
    call.progress.outcome = 'sent'
    return held()
  }
  using chain = aChain(core, { route: { timeoutMs: 1_000, commandTtlMs: 3_600_000 } })
  const all = Array.from({ length: 5 }, () =>
    rejects(chain.call(aCall({ deadline: later(200), expires: later(3_600_000) })), { code: 'reply-timeout' }),
  )
  await clock.advance(200) // the clients wait for less than the route gives
  await Promise.all(all)
  equal(chain.worker.circuit.state, 'closed')
  await clock.advance(800)
  equal(chain.worker.circuit.state, 'open')
  equal(alarms(), 0)
})

test('the commands that wait without an audience keep their slots, and no others are sent', async t => {
  const clock = frozenClock(t)
  const core: Service<Call, Reply> = call => {
    call.progress.outcome = 'sent'
    const { promise, reject } = Promise.withResolvers<Reply>()
    after(until(call.expires), () => reject(new Problem('reply-timeout', 'expired')))
    return promise
  }
  using chain = aChain(core, { worker: { bulkhead: { limit: 'fixed', slots: 10, queue: 0 } } })
  let inTopic = 0
  for (let i = 0; i < 200; i++) {
    const abort = new AbortController()
    const call = chain.call(aCall({ aborter: abort, deadline: later(5_000), expires: later(5_000) }))
    const ended = call.catch((problem: Problem) => problem.code)
    await clock.advance(5)
    abort.abort(new Problem('client-gone', 'left'))
    if ((await ended) === 'client-gone') inTopic++
  }
  equal(inTopic, 10)
  equal(chain.worker.bulkhead.inFlight, 10)
  await clock.advance(5_000)
  equal(chain.worker.bulkhead.inFlight, 0)
  equal(alarms(), 0)
})

test('a hung broker opens the circuit of the cluster, and each call ends in time', async t => {
  const clock = frozenClock(t)
  const hung: Service<Publishing, typeof acknowledged> = ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<typeof acknowledged>()
    signal.addEventListener('abort', () => reject(new Problem('publish-timeout', 'Handed over.')))
    return promise
  }
  using chain = aChain(answers, { publish: { attemptMs: 300 } }, {}, hung)
  const { signal } = new AbortController()
  const all = Array.from({ length: 5 }, () =>
    rejects(chain.publish({ topic: 'orders.commands', signal }), { code: 'publish-timeout', outcome: 'in-doubt' }),
  )
  await clock.advance(300)
  await Promise.all(all)
  equal(chain.cluster.circuit.state, 'open')
  await rejects(chain.publish({ topic: 'orders.commands', signal }), { code: 'circuit-open', policy: 'cluster' })
  await rejects(chain.call(aCall()), { code: 'circuit-open', policy: 'gate' })
})

test('what our callers cut short proves nothing about the cluster', async t => {
  const clock = frozenClock(t)
  const hung: Service<Publishing, typeof acknowledged> = ({ signal }) => {
    const { promise, reject } = Promise.withResolvers<typeof acknowledged>()
    signal.addEventListener('abort', () => reject(new Problem('publish-timeout', 'Handed over.')))
    return promise
  }
  using chain = aChain(answers, {}, {}, hung)
  for (let i = 0; i < 50; i++) {
    const abort = new AbortController()
    const ended = rejects(chain.publish({ topic: 'orders.commands', signal: abort.signal }), {
      code: 'publish-timeout',
    })
    await clock.advance(1)
    abort.abort(new Problem('deadline-exceeded', 'late'))
    await ended
  }
  equal(chain.cluster.circuit.state, 'closed')
})

test('a broker that is away is asked again, and opens the circuit when it stays away', async t => {
  const clock = frozenClock(t)
  let asked = 0
  const away: Service<Publishing, typeof acknowledged> = () => {
    asked++
    return Promise.reject(new Problem('broker-unavailable', 'No connection.'))
  }
  using chain = aChain(answers, {}, {}, away)
  const { signal } = new AbortController()
  const ended = rejects(chain.publish({ topic: 'orders.commands', signal }), { code: 'broker-unavailable' })
  for (let i = 0; i < 10; i++) await clock.advance(100)
  await ended
  equal(asked, 3)
  const second = rejects(chain.publish({ topic: 'orders.commands', signal }))
  for (let i = 0; i < 3; i++) await clock.advance(100)
  await second
  equal(asked, 5) // of the budget's three repetitions one was left
  equal(chain.cluster.circuit.state, 'open')
})

type Plan = Readonly<{ does: 'acknowledge' | 'fail' | 'lose' | 'hang'; afterMs: number }>
const plan = fc.record({
  does: fc.constantFrom<Plan['does']>('acknowledge', 'fail', 'fail', 'lose', 'hang'),
  afterMs: fc.integer({ min: 0, max: 400 }),
})
const story = fc.record({
  plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
  replyMs: fc.option(fc.integer({ min: 0, max: 900 })),
  deadlineMs: fc.integer({ min: 10, max: 800 }),
  leaveMs: fc.option(fc.integer({ min: 0, max: 900 })),
})

test('however the broker, the worker and the client behave: nothing is sent after the deadline, each call ends in time, and no outcome is too weak', async t => {
  const clock = frozenClock(t)
  const gatherMs = 5 // the shared timer may ring this much late, and the test moves in such steps
  await fc.assert(
    fc.asyncProperty(story, async ({ plans, replyMs, deadlineMs, leaveMs }) => {
      const began: number[] = []
      let truth: Outcome = 'not-sent'
      const broker: Service<Publishing, typeof acknowledged> = ({ signal }) => {
        const { does, afterMs } = plans[Math.min(began.length, plans.length - 1)]!
        began.push(now())
        const { promise, resolve, reject } = Promise.withResolvers<typeof acknowledged>()
        const doubt = new Problem('publish-timeout', 'Nobody knows.')
        const alarm = after(does === 'hang' ? 60_000 : afterMs, () => {
          if (does !== 'fail') truth = strongest(truth, does === 'lose' ? 'in-doubt' : 'sent')
          if (does === 'acknowledge') resolve(acknowledged)
          else reject(does === 'lose' ? doubt : new Problem('broker-unavailable', 'No connection.'))
        })
        const cut = (): void => {
          alarm.cancel()
          if (does === 'fail') return reject(Problem.from(signal.reason).withOutcome('not-sent')) // still in our buffer
          truth = strongest(truth, 'in-doubt')
          reject(doubt)
        }
        if (signal.aborted) cut()
        else signal.addEventListener('abort', cut)
        return promise
      }
      const core: Service<Call, Reply> = async call => {
        await chain.publish({ topic: call.topic, signal: call.signal }).catch((error: unknown) => {
          call.progress.outcome = strongest(call.progress.outcome, Problem.from(error).outcome)
          throw error
        })
        call.progress.outcome = 'sent'
        const { promise, resolve, reject } = Promise.withResolvers<Reply>()
        const waitMs = replyMs === null ? Infinity : replyMs
        if (waitMs < until(call.expires)) after(waitMs, () => resolve(anAnswer))
        else after(until(call.expires), () => reject(new Problem('reply-timeout', 'expired')))
        return await promise
      }
      using chain = aChain(core, { publish: { attemptMs: 150, budget: { floor: 10 } } }, {}, broker)
      const abort = new AbortController()
      const call = aCall({ aborter: abort, deadline: later(deadlineMs), expires: later(deadlineMs) })
      if (leaveMs !== null) after(leaveMs, () => abort.abort(new Problem('client-gone', 'left')))
      const start = now()
      let end: { ms: number; truth: Outcome; told: Outcome; code: string } | null = null
      chain.call(call).then(
        () => (end = { ms: since(start), truth, told: 'sent', code: 'none' }),
        (problem: Problem) => (end = { ms: since(start), truth, told: problem.outcome, code: problem.code }),
      )
      for (let ms = 0; ms < 1_200; ms += gatherMs) await clock.advance(gatherMs)
      const last = Math.min(deadlineMs, leaveMs ?? Infinity)
      ok(end !== null)
      const { ms, truth: then, told, code } = end as { ms: number; truth: Outcome; told: Outcome; code: string }
      ok(ms <= last + 20 + 2 * gatherMs, `ended after ${ms} ms instead of ${last}`)
      ok(outcomes.indexOf(told) >= outcomes.indexOf(then), `${code} says ${told}, but it was ${then}`)
      for (const at of began) ok(at - start <= last + gatherMs, `sent ${at - start - last} ms after the end`)
      equal(alarms(), 0)
      equal(chain.door.inside + chain.worker.bulkhead.inFlight + chain.worker.bulkhead.waiting, 0)
    }),
    { numRuns: 60 },
  )
})

test('faults stand innermost in both pipes, where they can be injected at all; repetition is only told of', t => {
  frozenClock(t)
  const faults = new Faults(Config.parse({ routes: {}, faults: { mode: 'enforce' } }).faults, [], [])
  using chain = aChain(answers, {}, { faults })
  deepEqual(namesOf(chain.policies).slice(-2), ['partition', 'faults'])
  deepEqual(namesOf(publishStack<Publishing, typeof acknowledged>(chain.cluster, faults)).slice(-2), [
    'breaker',
    'faults',
  ])
  const route = Config.parse({ routes: { a: { match: 'GET /', query: { to: 'orders' }, retryOn: [503] } } }).routes[
    'a'
  ]!
  const layers = callLayers({
    route,
    policies: { drain: 'off', deadline: 'off', gate: 'off', fallback: 'off' },
    drain: new Drain('off'),
    checks: [],
    worker: null,
    repetition: new Repetition(route, chain.worker, chain.cluster),
  })
  deepEqual(explain(layers), [
    { policy: 'repetition', mode: 'enforce', silence: null, silenceMs: null, retryOn: [503] },
  ])
  equal(pipe(wraps(layers), answers), answers)
})

test('what is a repetition already is not retried, but counts for the circuit of the cluster', async t => {
  frozenClock(t)
  using chain = aChain(answers)
  deepEqual(namesOf(repeatStack<Publishing, typeof acknowledged>(chain.cluster)), ['attempt', 'breaker'])
  const away = (): Promise<never> => Promise.reject(new Problem('broker-unavailable', 'No connection.'))
  const again = pipe(repeatStack<Publishing, typeof acknowledged>(chain.cluster), away)
  const { signal } = new AbortController()
  for (let i = 0; i < 5; i++) await rejects(again({ topic: 'orders.commands', signal }), { code: 'broker-unavailable' })
  equal(chain.cluster.circuit.state, 'open')
})

test('what waits in vain for a leader that moves proves nothing about the cluster, and what does so later does', async t => {
  frozenClock(t)
  using chain = aChain(answers)
  let moves = true
  const away = (): Promise<never> => Promise.reject(new Problem('broker-unavailable', 'Nobody leads the partition.'))
  const again = pipe(repeatStack<Publishing, typeof acknowledged>({ ...chain.cluster, moving: () => moves }), away)
  const { signal } = new AbortController()
  const fail = (): Promise<void> =>
    rejects(again({ topic: 'orders.commands', signal }), { code: 'broker-unavailable', outcome: 'not-sent' })
  for (let i = 0; i < 50; i++) await fail()
  equal(chain.cluster.circuit.state, 'closed')
  moves = false
  for (let i = 0; i < 5; i++) await fail()
  equal(chain.cluster.circuit.state, 'open')
})

test('a worker that answers slowly opens its circuit, where it is said what slow is', async t => {
  const clock = frozenClock(t)
  const answered = async (call: Call): Promise<Reply> => {
    call.progress.workerMs = 200
    return anAnswer
  }
  for (const [slowMs, state] of [
    [199, 'open'],
    [200, 'closed'],
    [undefined, 'closed'],
  ] as const) {
    using chain = aChain(answered, { worker: { breaker: { slowMs } } })
    for (let i = 0; i < 20; i++) await chain.call(aCall())
    equal(chain.worker.circuit.state, state)
    await passed(clock)
  }
})

test('a layer around a circuit tells its mode in force and its state, whoever changed them', t => {
  frozenClock(t)
  using chain = aChain(answers)
  const { worker, cluster, door: drain } = chain
  const { policies, routes } = Config.parse({
    workers: { orders: { topic: 'orders.commands' } },
    routes: { 'place-order': { match: 'POST /orders', command: { to: 'orders' } } },
  })
  const layers = callLayers({ route: routes['place-order']!, policies, drain, checks: [], worker })
  const inner = publishLayers<Publishing, typeof acknowledged>(cluster)
  const breaker = layers.find(({ policy }) => policy === 'breaker')
  const around = inner.find(({ policy }) => policy === 'cluster')
  equal(breaker?.mode, 'enforce')
  worker.circuit.force('observe')
  cluster.circuit.force('open')
  equal(breaker?.mode, 'observe')
  deepEqual(breaker.state?.(), worker.circuit.snapshot())
  deepEqual(around?.state?.(), cluster.circuit.snapshot())
})

test('the gate refuses what an operator holds open, and lets through what only observes', async t => {
  frozenClock(t)
  using chain = aChain(answers)
  for (const { circuit } of [chain.worker, chain.cluster]) {
    circuit.force('open')
    await rejects(chain.call(aCall()), { code: 'circuit-open', policy: 'gate', message: /an operator set it to open/ })
    circuit.force('observe')
    equal((await chain.call(aCall())).status, 200)
    circuit.force(null)
  }
})
