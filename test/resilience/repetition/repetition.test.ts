import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import type { Abortable, Call } from '../../../src/call.ts'
import { later } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { guardCluster, guardWorker } from '../../../src/resilience/guards.ts'
import { Repetition, repetitionOf } from '../../../src/resilience/repetition/repetition.ts'
import { retry } from '../../../src/resilience/repetition/retry.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

/** The repetition of a query route, with its guards. */
function aRepetition(t: TestContext, route: object, publish: object = {}) {
  const config = Config.parse({
    workers: { orders: { topic: 'orders.commands' } },
    routes: { read: { match: 'GET /orders', query: { to: 'orders' }, ...route } },
    broker: { publish },
  })
  const worker = guardWorker('orders', config.workers['orders']!, 5_000)
  const cluster = guardCluster(config.broker.publish, 5_000)
  t.after(() => (worker[Symbol.dispose](), cluster[Symbol.dispose]()))
  const options = config.routes['read']!
  return { repeats: new Repetition(options, worker, cluster), worker, cluster, options }
}
const call = (over: Partial<Call> = {}): Call => aCall({ route: 'read', ...over })

test('a route that asks for nothing has none, and neither has one where all is off', t => {
  frozenClock(t)
  const of = (route: object): boolean => {
    const { options, worker, cluster } = aRepetition(t, route)
    return repetitionOf(options, worker, cluster) !== null
  }
  equal(of({}), false)
  equal(of({ resend: { afterMs: 100, mode: 'off' }, hedge: { mode: 'off' } }), false)
  equal(of({ resend: { afterMs: 100 } }), true)
  equal(of({ hedge: { mode: 'observe' } }), true)
  equal(of({ retryOn: [503] }), true)
})

test('it tells people what it waits for', t => {
  frozenClock(t)
  const resending = aRepetition(t, { resend: { afterMs: 700, mode: 'observe' }, retryOn: [503] }).repeats
  deepEqual([resending.mode, resending.state], ['observe', { silence: 'resend', silenceMs: 700, retryOn: [503] }])
  const hedging = aRepetition(t, { hedge: {} }).repeats
  deepEqual(hedging.state, { silence: 'hedge', silenceMs: null, retryOn: [] })
  const retrying = aRepetition(t, { retryOn: [503] }).repeats
  deepEqual([retrying.mode, retrying.state.silence], ['enforce', null])
})

test('all publishings failing and all workers silent: what is sent, by retries and resends together, stays within 1.1 of the calls', async t => {
  const clock = frozenClock(t)
  const { repeats, cluster } = aRepetition(t, { resend: { afterMs: 100 }, retryOn: [503] })
  let sendings = 0
  const away = async (): Promise<never> => {
    sendings++
    throw new Problem('broker-unavailable', 'No connection.')
  }
  const publish = retry<Abortable & { topic: string }, never>(
    { attempts: 3, baseMs: 50, capMs: 1_000, mode: 'enforce' },
    cluster.budget,
  )(away)
  const calls = 2_000
  for (let i = 0; i < calls; i++) {
    const one = call()
    repeats.begin()
    publish(one).catch(() => {})
    if (repeats.silent(one)) sendings++
    if (repeats.waitMs(one, 503, 0, 0) !== null) sendings++
    if (i % 50 === 0) await clock.advance(10)
  }
  for (let i = 0; i < 30; i++) await clock.advance(100)
  ok(sendings <= 1.1 * calls + 3, `${sendings} sendings of ${calls} calls`)
  ok(sendings >= 1.1 * calls, 'the budget is used')
})

test('a silence is as long as the route says, and a repetition takes a token of the shared budget', t => {
  frozenClock(t)
  const told = heard(t, 'repeated')
  const spent = heard(t, 'budgetSpent')
  const { repeats, cluster } = aRepetition(t, { resend: { afterMs: 700 } }, { budget: { percent: 0, floor: 2 } })
  equal(repeats.silenceMs(), 700)
  equal(repeats.silent(call()), true)
  equal(repeats.silent(call()), true)
  equal(repeats.silent(call()), false)
  equal(cluster.budget.withdraw(), false, 'nothing is left for retries either')
  const resend = { worker: 'orders', route: 'read', kind: 'resend', observed: false }
  deepEqual(told, [resend, resend])
  deepEqual(spent, [{ topic: 'orders.commands' }])
})

test('nothing begins after the deadline, once the client is gone, or into a circuit that is not closed', t => {
  frozenClock(t)
  const { repeats, worker, cluster } = aRepetition(t, { resend: { afterMs: 100 }, retryOn: [503] })
  equal(repeats.silent(call({ deadline: later(0) })), false)
  equal(repeats.silent(call({ signal: AbortSignal.abort(new Problem('client-gone', 'left')) })), false)
  equal(repeats.waitMs(call({ deadline: later(999) }), 503, 0, 1_000), null, 'what the worker asks for is too long')
  for (let i = 0; i < 5; i++) worker.circuit.judge(worker.circuit.admit()!, 'failure')
  equal(worker.circuit.state, 'open')
  equal(repeats.silent(call()), false)
  equal(repeats.waitMs(call(), 503, 0, 0), null)
  for (let i = 0; i < 3; i++) ok(cluster.budget.withdraw(), 'no token was taken for any of it')
})

test('observed, it tells what it would send again, and spends nothing of what others need', t => {
  frozenClock(t)
  const told = heard(t, 'repeated')
  const { repeats, cluster } = aRepetition(t, { resend: { afterMs: 100, mode: 'observe' } })
  for (let i = 0; i < 10; i++) equal(repeats.silent(call()), false)
  equal(told.length, 10)
  ok(told.every(({ observed }) => observed))
  for (let i = 0; i < 3; i++) ok(cluster.budget.withdraw())
})

test('only the statuses that the route names are sent again, twice at most', t => {
  frozenClock(t)
  const { repeats } = aRepetition(t, { retryOn: [503] })
  equal(repeats.silenceMs(), null)
  equal(repeats.invites(503), true)
  equal(repeats.invites(500), false)
  equal(repeats.waitMs(call(), 500, 0, 0), null)
  ok(repeats.waitMs(call(), 503, 0, 0) !== null)
  ok(repeats.waitMs(call(), 503, 1, 0) !== null)
  equal(repeats.waitMs(call(), 503, 2, 0), null)
})

test('what the worker asks for comes first, the jitter on top of it', t => {
  frozenClock(t)
  const { repeats } = aRepetition(t, { retryOn: [503] }, { budget: { percent: 100, floor: 10 } })
  const chance = t.mock.method(Math, 'random', () => 0)
  equal(repeats.waitMs(call(), 503, 0, 2_000), 2_000)
  chance.mock.mockImplementation(() => 0.999_999)
  equal(Math.round(repeats.waitMs(call(), 503, 0, 2_000)!), 2_100)
  equal(Math.round(repeats.waitMs(call(), 503, 1, 0)!), 200)
})

test('10,000 waits before a reply’s repetition are uniform (Kolmogorov–Smirnov, p > 0.01)', t => {
  frozenClock(t)
  let state = 7 // mulberry32, Ettinger
  t.mock.method(Math, 'random', () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  })
  const { repeats } = aRepetition(t, { retryOn: [503] }, { budget: { floor: 10_000 } })
  const count = 10_000
  const waits = Array.from({ length: count }, () => repeats.waitMs(call(), 503, 0, 0)! / 100).sort((a, b) => a - b)
  const distance = Math.max(...waits.map((wait, i) => Math.max(wait - i / count, (i + 1) / count - wait)))
  ok(distance * Math.sqrt(count) < 1.628, `D·√n = ${distance * Math.sqrt(count)}`)
})

test('a hedge comes after most replies, never before minMs, and not while there are too few of them', t => {
  frozenClock(t)
  const { repeats } = aRepetition(t, { hedge: { minMs: 50 } })
  equal(repeats.silenceMs(), null)
  for (let i = 0; i < 128; i++) repeats.replied(i)
  equal(repeats.silenceMs(), 121)
  for (let i = 0; i < 512; i++) repeats.replied(10)
  equal(repeats.silenceMs(), 50)
})

test('hedges are at most 2 % of the calls, however many tokens the shared budget has', t => {
  frozenClock(t)
  const { repeats } = aRepetition(t, { hedge: {} }, { budget: { percent: 100, floor: 10_000 } })
  let sent = 0
  for (let i = 1; i <= 5_000; i++) {
    repeats.begin()
    if (repeats.silent(call())) sent++
    ok(sent <= 0.02 * i + 1e-6, `${sent} of ${i}`)
  }
  equal(sent, 100)
})

test('each call pays in once: by the retries of publishing, or where there are none, by the repetition', t => {
  frozenClock(t)
  for (const [publish, tokens] of [
    [{}, 0],
    [{ mode: 'off' }, 10],
    [{ attempts: 1 }, 10],
  ] as const) {
    const { repeats, cluster } = aRepetition(
      t,
      { resend: { afterMs: 100 } },
      { ...publish, budget: { percent: 10, floor: 0 } },
    )
    for (let i = 0; i < 100; i++) repeats.begin()
    let had = 0
    while (cluster.budget.withdraw()) had++
    equal(had, tokens)
  }
})
