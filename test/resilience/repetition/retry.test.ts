import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { Abortable } from '../../../src/call.ts'
import { alarms, now } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { Budget } from '../../../src/resilience/repetition/budget.ts'
import { retry } from '../../../src/resilience/repetition/retry.ts'
import type { RetryOptions } from '../../../src/resilience/repetition/retry.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

type Publishing = Abortable & { topic: string }
const options: RetryOptions = { attempts: 3, baseMs: 50, capMs: 1_000, mode: 'enforce' }
const rich = (): Budget => new Budget({ percent: 100, floor: 1_000_000 })
const away = new Problem('broker-unavailable', 'No connection.')
const acknowledged = { offset: 0n }
const aPublishing = (signal = new AbortController().signal): Publishing => ({ topic: 'orders.commands', signal })

/** Fails as often as told, then acknowledges; remembers when it was asked. */
function failing(times: number, problem: unknown = away) {
  const began: number[] = []
  const service = async (): Promise<typeof acknowledged> => {
    began.push(now())
    if (began.length <= times) throw problem
    return acknowledged
  }
  return { service, began }
}
/** Chance that can be repeated (mulberry32, Ettinger). */
function seeded(t: TestContext, seed: number): void {
  let state = seed
  t.mock.method(Math, 'random', () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  })
}

test('repeats what was certainly not sent until it is, after waits that may grow', async t => {
  const clock = frozenClock(t)
  const retried = heard(t, 'retried')
  t.mock.method(Math, 'random', () => 0.999)
  const { service, began } = failing(2)
  const answer = retry(options, rich())(service)(aPublishing())
  const start = now()
  for (let i = 0; i < 400; i++) await clock.advance(1)
  equal(await answer, acknowledged)
  deepEqual(
    began.map(at => at - start),
    [0, 100, 300], // below 50 · 2¹, then below 50 · 2²
  )
  deepEqual(
    retried.map(({ topic, attempt, problem }) => [topic, attempt, problem]),
    [
      ['orders.commands', 2, away],
      ['orders.commands', 3, away],
    ],
  )
})

test('gives up after its attempts with the last problem', async t => {
  const clock = frozenClock(t)
  const { service, began } = failing(100)
  const ended = rejects(retry(options, rich())(service)(aPublishing()), away)
  for (let i = 0; i < 400; i++) await clock.advance(1)
  await ended
  equal(began.length, 3)
})

test('never repeats what may be in the topic, what would fail again, or what was refused', async t => {
  frozenClock(t)
  const codes = ['publish-timeout', 'circuit-open', 'buffer-full', 'topic-missing', 'topic-forbidden'] as const
  const others = ['too-large', 'not-ready', 'internal', 'client-gone', 'deadline-exceeded'] as const
  const problems = [...codes, ...others].map(code => new Problem(code, 'as the test says'))
  const inDoubt = new Problem('broker-unavailable', 'Perhaps.', { outcome: 'in-doubt' })
  for (const problem of [...problems, inDoubt, new TypeError('a defect')]) {
    const { service, began } = failing(100, problem)
    await rejects(
      retry(options, rich())(service)(aPublishing()),
      problem instanceof Problem ? problem : { code: 'internal' },
    )
    equal(began.length, 1)
  }
})

test('repeats an attempt that ran out of time in our own buffer', async t => {
  const clock = frozenClock(t)
  const { service, began } = failing(1, new Problem('publish-timeout', 'Taken out.', { outcome: 'not-sent' }))
  const answer = retry(options, rich())(service)(aPublishing())
  for (let i = 0; i < 101; i++) await clock.advance(1)
  equal(await answer, acknowledged)
  equal(began.length, 2)
})

test('ends the wait with the signal, begins nothing more, and throws its reason as not sent', async t => {
  const clock = frozenClock(t)
  t.mock.method(Math, 'random', () => 0.999)
  const { service, began } = failing(100)
  const abort = new AbortController()
  const late = new Problem('deadline-exceeded', 'The deadline passed.')
  const ended = rejects(retry(options, rich())(service)(aPublishing(abort.signal)), {
    code: late.code,
    outcome: 'not-sent',
  })
  await clock.advance(50)
  abort.abort(late)
  await clock.advance(0)
  await ended
  await clock.advance(5_000)
  equal(began.length, 1)
  equal(alarms(), 0)
})

test('an attempt that fails because the signal aborted is not repeated', async t => {
  const clock = frozenClock(t)
  const retried = heard(t, 'retried')
  const abort = new AbortController()
  let began = 0
  const service = ({ signal }: Publishing): Promise<typeof acknowledged> => {
    began++
    const { promise, reject } = Promise.withResolvers<typeof acknowledged>()
    signal.addEventListener('abort', () => reject(away))
    return promise
  }
  const gone = new Problem('client-gone', 'left')
  const ended = rejects(retry(options, rich())(service)(aPublishing(abort.signal)), gone)
  abort.abort(gone)
  await ended
  await clock.advance(5_000)
  equal(began, 1)
  equal(retried.length, 0)
})

test('an acknowledgement that comes together with the abort is kept', async t => {
  const clock = frozenClock(t)
  const abort = new AbortController()
  let began = 0
  const service = async (): Promise<typeof acknowledged> => {
    if (++began === 1) throw away
    abort.abort(new Problem('client-gone', 'left'))
    return acknowledged
  }
  const answer = retry(options, rich())(service)(aPublishing(abort.signal))
  for (let i = 0; i < 101; i++) await clock.advance(1)
  equal(await answer, acknowledged)
})

test('a problem in doubt after a repetition outweighs the abort', async t => {
  const clock = frozenClock(t)
  const abort = new AbortController()
  const doubt = new Problem('publish-timeout', 'Handed over.')
  let began = 0
  const service = async (): Promise<typeof acknowledged> => {
    if (++began === 1) throw away
    abort.abort(new Problem('deadline-exceeded', 'Late.'))
    throw doubt
  }
  const ended = rejects(retry(options, rich())(service)(aPublishing(abort.signal)), doubt)
  for (let i = 0; i < 101; i++) await clock.advance(1)
  await ended
})

test('stops when the budget is spent, and tells', async t => {
  const clock = frozenClock(t)
  const spent = heard(t, 'budgetSpent')
  const { service, began } = failing(100)
  const ended = rejects(retry(options, new Budget({ percent: 0, floor: 1 }))(service)(aPublishing()), away)
  for (let i = 0; i < 101; i++) await clock.advance(1)
  await ended
  equal(began.length, 2)
  deepEqual(spent, [{ topic: 'orders.commands' }])
})

test('while all publishings fail, sendings per call stay within the budget', async t => {
  const clock = frozenClock(t)
  const { service, began } = failing(Infinity)
  const guarded = retry({ ...options, attempts: 10 }, new Budget({ percent: 10, floor: 3 }))(service)
  const calls = 5_000
  const ends: Promise<unknown>[] = []
  for (let i = 0; i < calls; i++) {
    ends.push(guarded(aPublishing()).catch(() => {}))
    if (i % 100 === 0) await clock.advance(10)
  }
  for (let i = 0; i < 30; i++) await clock.advance(1_000)
  await Promise.all(ends)
  ok(began.length <= 1.1 * calls + 3, `${began.length} sendings of ${calls} calls`)
  ok(began.length > 1.09 * calls, 'the budget is used')
})

for (const [baseMs, capMs, stepMs, count] of [
  [50, 1_000, 100, 2_000],
  [800, 1_000, 1_000, 10_000],
] as const)
  test(`${count} waits are uniform between 0 and ${stepMs} ms (Kolmogorov–Smirnov, p > 0.01)`, async t => {
    const clock = frozenClock(t)
    const retried = heard(t, 'retried')
    seeded(t, 7)
    const guarded = retry({ ...options, attempts: 2, baseMs, capMs }, rich())(failing(Infinity).service)
    const ends = Promise.allSettled(Array.from({ length: count }, () => guarded(aPublishing())))
    for (let i = 0; i < 11; i++) await clock.advance(stepMs / 10)
    await ends
    const waits = retried.map(({ delayMs }) => delayMs / stepMs).sort((a, b) => a - b)
    equal(waits.length, count)
    const distance = Math.max(...waits.map((wait, i) => Math.max(wait - i / count, (i + 1) / count - wait)))
    ok(distance * Math.sqrt(count) < 1.628, `D·√n = ${distance * Math.sqrt(count)}`)
  })

test('observed, it tells what it would have repeated, and does not', async t => {
  frozenClock(t)
  const retried = heard(t, 'retried')
  const { service, began } = failing(100)
  await rejects(retry({ ...options, mode: 'observe' }, rich())(service)(aPublishing()), away)
  equal(began.length, 1)
  deepEqual(
    retried.map(({ attempt, observed }) => [attempt, observed]),
    [[2, true]],
  )
})
