import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { later, now, onTheWire, wallClock } from '../../../src/clock.ts'
import { Circuit } from '../../../src/resilience/circuit/circuit.ts'
import type { CircuitOptions, Verdict } from '../../../src/resilience/circuit/circuit.ts'
import { sharedTimers } from '../../../src/resilience/circuit/sharedtimer.ts'
import { chance } from '../../help/chance.ts'
import { frozenClock } from '../../help/clock.ts'
import { Model, commands, small } from './circuit.model.ts'
import { heard } from '../heard.ts'

const options: CircuitOptions = {
  name: 'orders',
  mode: 'enforce',
  windowMs: 10_000,
  minCalls: 20,
  failurePercent: 50,
  consecutive: 1_000,
  openMs: 5_000,
  openMaxMs: 5_000,
  probes: 1,
  longestWaitMs: 30_000,
}
/** Time stands still, and every spread is at its middle. */
const still = (t: TestContext): ReturnType<typeof frozenClock> => {
  chance(t)
  return frozenClock(t)
}
const never = { consecutive: 1_000_000 }

/** One call that ends at once; whether it was let through. */
function call(circuit: Circuit, verdict: Verdict): boolean {
  const pass = circuit.admit()
  if (pass === null) return false
  circuit.judge(pass, verdict, 'reply-timeout')
  return true
}
const calls = (circuit: Circuit, count: number, verdict: Verdict): number => {
  let through = 0
  for (let i = 0; i < count; i++) if (call(circuit, verdict)) through++
  return through
}

test('opens at the share of failures, refuses, and closes on a probe that works', async t => {
  const clock = still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit(options)
  calls(circuit, 10, 'success')
  calls(circuit, 9, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
  equal(call(circuit, 'success'), false)
  await clock.advance(5_000)
  equal(circuit.state, 'half-open')
  equal(call(circuit, 'success'), true)
  equal(circuit.state, 'closed')
  deepEqual(
    changes.map(({ circuit, from, to }) => [circuit, from, to]),
    [
      ['orders', 'closed', 'open'],
      ['orders', 'open', 'half-open'],
      ['orders', 'half-open', 'closed'],
    ],
  )
  equal(changes[0]?.reason, 'at least 50 % failed, the last: reply-timeout')
  equal(changes[1]?.reason, '5000 ms have passed')
  equal(changes[2]?.reason, '1 of 1 probes succeeded')
})

test('stays closed below the share, however many fail', t => {
  still(t)
  using circuit = new Circuit(options)
  for (let i = 0; i < 1_000; i++) {
    calls(circuit, 2, 'success')
    call(circuit, 'failure')
  }
  equal(circuit.state, 'closed')
})

test('opens after failures in a row, however few the calls, and a success between begins the row anew', t => {
  still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit({ ...options, consecutive: 5, minCalls: 1_000 })
  calls(circuit, 4, 'failure')
  call(circuit, 'success')
  calls(circuit, 4, 'failure')
  call(circuit, 'none') // says nothing either way
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
  equal(changes[0]?.reason, '5 in a row failed, the last: reply-timeout')
})

test('a refusal says why and when to come back, with ± 20 % of the open time that remains', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  equal(circuit.wouldRefuse('gate'), null)
  call(circuit, 'failure')
  await clock.advance(3_000)
  const waits = Array.from({ length: 501 }, (_, i) => {
    chance(t, i / 500)
    return circuit.refusal('breaker').retryAfterMs!
  })
  deepEqual([Math.min(...waits), Math.max(...waits)], [1_600, 2_400])
  const problem = circuit.wouldRefuse('gate')
  equal(problem?.code, 'circuit-open')
  equal(problem?.outcome, 'not-sent')
  equal(problem?.policy, 'gate')
  equal(problem?.message, 'The circuit orders is open: 1 in a row failed, the last: reply-timeout.')
  deepEqual([problem?.limit, problem?.observed], [1, 1])
})

test('a refusal names the share that was exceeded, and what was counted', t => {
  still(t)
  using circuit = new Circuit(options)
  calls(circuit, 7, 'success')
  calls(circuit, 13, 'failure')
  const problem = circuit.refusal('breaker')
  deepEqual([problem.limit, problem.observed], [50, 65])
  equal(problem.message, 'The circuit orders is open: at least 50 % failed, the last: reply-timeout.')
})

test('half-open admits one probe and refuses the rest at once', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  equal(circuit.wouldRefuse('gate'), null)
  const probe = circuit.admit()
  notEqual(probe, null)
  const refused = circuit.wouldRefuse('gate')
  equal(refused?.message, 'The circuit orders is half-open: 1 of 1 probes are under way or done.')
  deepEqual([refused?.limit, refused?.observed], [1, 1])
  ok(refused.retryAfterMs! >= 800 && refused.retryAfterMs! <= 1_200)
  const start = process.hrtime.bigint() // the clock that is not frozen
  for (let i = 0; i < 1_000; i++) equal(circuit.admit(), null)
  for (let i = 0; i < 1_000; i++) circuit.refusal('breaker')
  ok(process.hrtime.bigint() - start < 1_000_000_000n, 'a refusal takes less than a millisecond')
  circuit.judge(probe!, 'success')
  equal(circuit.state, 'closed')
})

test('a failed probe opens it again for the whole time', async t => {
  const clock = still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  call(circuit, 'failure')
  equal(circuit.state, 'open')
  equal(changes.at(-1)?.reason, '1 of 1 probes failed, the last: reply-timeout')
  await clock.advance(4_999)
  equal(circuit.state, 'open')
  await clock.advance(1)
  equal(circuit.state, 'half-open')
})

test('a probe that never ends gives its place to another after the longest wait, and its verdict is void', async t => {
  const clock = still(t)
  const probes = heard(t, 'probe')
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  const hung = circuit.admit()!
  await clock.advance(30_000)
  equal(circuit.admit(), null)
  equal(circuit.wouldRefuse('gate')?.code, 'circuit-open')
  await clock.advance(1)
  equal(circuit.wouldRefuse('gate'), null)
  const second = circuit.admit()!
  circuit.judge(hung, 'none') // must not free the place of the second
  equal(circuit.admit(), null)
  circuit.judge(hung, 'failure')
  equal(circuit.state, 'half-open')
  circuit.judge(second, 'success')
  equal(circuit.state, 'closed')
  circuit.admit()
  deepEqual(probes, [{ circuit: 'orders' }, { circuit: 'orders' }])
})

test('what proves nothing never opens or closes it, and gives the probe back', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 5 })
  equal(calls(circuit, 10_000, 'none'), 10_000)
  equal(circuit.state, 'closed')
  calls(circuit, 5, 'failure')
  await clock.advance(5_000)
  equal(calls(circuit, 100, 'none'), 100)
  equal(circuit.state, 'half-open')
  call(circuit, 'success')
  equal(circuit.state, 'closed')
})

test('after closing one failure does not reopen it', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, ...never })
  calls(circuit, 1_000, 'success')
  calls(circuit, 1_000, 'failure')
  await clock.advance(5_000)
  call(circuit, 'success')
  calls(circuit, 19, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
})

test('after 10,000 refused calls it still trips at the least number of calls', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, ...never })
  calls(circuit, 20, 'failure')
  equal(calls(circuit, 10_000, 'success'), 0)
  await clock.advance(5_000)
  call(circuit, 'success')
  calls(circuit, 19, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
})

test('20 failures among 30 calls without a verdict and 30 in flight trip it', t => {
  still(t)
  using circuit = new Circuit({ ...options, ...never })
  for (let i = 0; i < 30; i++) circuit.admit()
  calls(circuit, 30, 'none')
  calls(circuit, 19, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
})

test('verdicts of calls begun before the last change do not move it', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 5 })
  const early = Array.from({ length: 40 }, () => circuit.admit()!)
  calls(circuit, 5, 'failure')
  circuit.judge(early[0]!, 'success')
  equal(circuit.state, 'open')
  await clock.advance(5_000)
  circuit.judge(early[1]!, 'success')
  circuit.judge(early[2]!, 'failure')
  equal(circuit.state, 'half-open')
  call(circuit, 'success')
  for (const pass of early) circuit.judge(pass, 'failure')
  equal(circuit.state, 'closed')
})

test('verdicts leave the window with its end', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, ...never })
  calls(circuit, 19, 'failure')
  await clock.advance(10_000)
  call(circuit, 'failure')
  equal(circuit.state, 'closed')
  for (let i = 0; i < 9; i++) {
    calls(circuit, 2, 'failure')
    await clock.advance(1_000)
  }
  equal(circuit.state, 'closed')
  call(circuit, 'failure') // the twentieth of the last ten seconds
  equal(circuit.state, 'open')
})

test('a short window turns too', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, ...never, windowMs: 100 })
  calls(circuit, 19, 'failure')
  await clock.advance(50)
  await clock.advance(50)
  call(circuit, 'failure')
  equal(circuit.state, 'closed')
})

test('news of the target half-opens it at once, and only when it is open', async t => {
  const clock = still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit({ ...options, consecutive: 2 })
  circuit.halfOpenNow('connected')
  equal(circuit.state, 'closed')
  calls(circuit, 2, 'failure')
  circuit.halfOpenNow('connected')
  equal(circuit.state, 'half-open')
  equal(changes.at(-1)?.reason, 'connected')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
  await clock.advance(4_999)
  equal(circuit.state, 'open') // the timer of the first opening is gone
  circuit.halfOpenNow('connected')
  call(circuit, 'success')
  equal(circuit.state, 'closed')
  await clock.advance(60_000)
  equal(circuit.state, 'closed')
  calls(circuit, 2, 'failure')
  equal(circuit.state, 'open')
  await clock.advance(5_000)
  equal(circuit.state, 'half-open')
})

test('after silences that have doubled its time it is tried soon, when the target gets on with its work', async t => {
  const clock = still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit({ ...options, consecutive: 2, openMaxMs: 60_000 })
  calls(circuit, 2, 'failure')
  circuit.works()
  for (const openMs of [5_000, 10_000, 20_000]) {
    equal(circuit.state, 'open')
    await clock.advance(openMs)
    equal(circuit.state, 'half-open')
    circuit.works()
    equal(circuit.state, 'half-open')
    call(circuit, 'failure')
  }
  await clock.advance(1_000)
  circuit.works()
  circuit.works()
  await clock.advance(3_999)
  equal(circuit.state, 'open')
  await clock.advance(1)
  equal(circuit.state, 'half-open')
  call(circuit, 'failure')
  await clock.advance(30_000)
  const told = changes.length
  circuit.works()
  deepEqual([circuit.state, changes.at(-1)?.reason], ['half-open', 'it gets on with its work'])
  equal(changes.length, told + 1)
})

test('that it works is no news of a target that answers with failures, nor while an operator holds it', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 2, openMaxMs: 60_000 })
  const silent = circuit.admit() as number
  const fails = (): void => circuit.judge(circuit.admit() as number, 'failure', 'status 500')
  fails()
  fails()
  circuit.judge(silent, 'failure', 'reply-timeout') // begun before it opened
  await clock.advance(5_000)
  fails()
  await clock.advance(9_999)
  circuit.works()
  equal(circuit.state, 'open')
  await clock.advance(1)
  call(circuit, 'failure')
  circuit.force('open')
  await clock.advance(60_000)
  circuit.works()
  equal(circuit.state, 'open')
})

test('tells of its trouble to those who ask about a time that it touches', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 5 })
  const before = now()
  await clock.advance(100)
  equal(circuit.troubledSince(before), false)
  calls(circuit, 5, 'failure')
  equal(circuit.troubledSince(now()), true)
  await clock.advance(5_000)
  equal(circuit.troubledSince(now()), true, 'half-open')
  call(circuit, 'success')
  equal(circuit.troubledSince(before), true)
  await clock.advance(1)
  equal(circuit.troubledSince(now()), false)
})

test('observed, it changes like one in force and refuses nothing through the gate', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, mode: 'observe', consecutive: 5 })
  calls(circuit, 5, 'failure')
  equal(circuit.state, 'open')
  equal(circuit.wouldRefuse('gate'), null)
  await clock.advance(5_000)
  call(circuit, 'success')
  equal(circuit.state, 'closed')
})

test('circuits with equal windows share one timer, which goes with the last', t => {
  still(t)
  const before = sharedTimers()
  const circuits = Array.from({ length: 50 }, () => new Circuit(options))
  equal(sharedTimers(), before + 1)
  for (const circuit of circuits) circuit[Symbol.dispose]()
  equal(sharedTimers(), before)
})

const slowly = { ...options, ...never, slowMs: 500, slowPercent: 80 }

test('slow calls alone open it, at their share of the successes', t => {
  still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit(slowly)
  equal(circuit.isSlow(500), false)
  equal(circuit.isSlow(501), true)
  calls(circuit, 6, 'success')
  calls(circuit, 23, 'slow')
  equal(circuit.state, 'closed') // 23 of 29 are 79.3 %
  call(circuit, 'slow')
  equal(circuit.state, 'open')
  equal(changes[0]?.reason, 'at least 80 % took longer than 500 ms')
  const problem = circuit.refusal('breaker')
  deepEqual([problem.limit, problem.observed], [80, 80])
})

test('slow calls need their least number too, and failures do not dilute their share', t => {
  still(t)
  using circuit = new Circuit({ ...slowly, failurePercent: 100 })
  calls(circuit, 100, 'failure')
  equal(circuit.state, 'open')
  using other = new Circuit(slowly)
  for (let i = 0; i < 19; i++) {
    call(other, 'slow')
    if (i % 2 === 0) call(other, 'failure')
  }
  equal(other.state, 'closed')
  call(other, 'slow')
  equal(other.state, 'open')
})

test('nothing is slow unless a time is given', t => {
  still(t)
  using circuit = new Circuit({ ...options, ...never })
  equal(circuit.isSlow(1e9), false)
  calls(circuit, 1_000, 'slow')
  equal(circuit.state, 'closed')
})

test('a slow success of a probe reopens it; one in time closes it, with an empty window', async t => {
  const clock = still(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit(slowly)
  calls(circuit, 20, 'slow')
  await clock.advance(5_000)
  call(circuit, 'slow')
  equal(circuit.state, 'open')
  equal(changes.at(-1)?.reason, '1 of 1 probes took longer than 500 ms')
  await clock.advance(5_000)
  call(circuit, 'success')
  equal(circuit.state, 'closed')
  calls(circuit, 19, 'slow')
  equal(circuit.state, 'closed')
})

test('slow calls leave the window with its end', async t => {
  const clock = still(t)
  using circuit = new Circuit(slowly)
  calls(circuit, 19, 'slow')
  for (let i = 0; i < 10; i++) await clock.advance(1_000)
  calls(circuit, 19, 'slow')
  equal(circuit.state, 'closed')
  equal(circuit.snapshot().slow, 19)
})

test('half-open admits as many probes as configured, and they decide together', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1, probes: 3 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  const passes = [circuit.admit(), circuit.admit(), circuit.admit()]
  ok(passes.every(pass => pass !== null))
  equal(circuit.admit(), null)
  equal(circuit.wouldRefuse('gate')?.limit, 3)
  circuit.judge(passes[0]!, 'failure')
  equal(circuit.state, 'half-open')
  equal(circuit.admit(), null, 'what has its verdict gives no place back')
  circuit.judge(passes[1]!, 'none')
  equal(circuit.wouldRefuse('gate'), null)
  const another = circuit.admit()!
  circuit.judge(another, 'success')
  circuit.judge(passes[2]!, 'success')
  equal(circuit.state, 'closed')
})

test('open times grow 1, 2, 4 … times up to their cap, and Retry-After with them', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1, openMaxMs: 60_000 })
  call(circuit, 'failure')
  for (const openMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    equal(circuit.refusal('breaker').retryAfterMs, openMs)
    equal(circuit.snapshot().openUntil, wallClock() + openMs)
    await clock.advance(openMs - 1)
    equal(circuit.state, 'open')
    await clock.advance(1)
    equal(circuit.state, 'half-open')
    call(circuit, 'failure')
  }
})

test('a target that flaps is opened for longer each time, until it was closed for as long as a window', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1, openMaxMs: 60_000 })
  const opensFor = (): number => {
    call(circuit, 'failure')
    return circuit.refusal('breaker').retryAfterMs!
  }
  for (const openMs of [5_000, 10_000, 20_000]) {
    equal(opensFor(), openMs)
    await clock.advance(openMs)
    call(circuit, 'success')
    await clock.advance(9_999)
  }
  equal(circuit.snapshot().openings, 3)
  await clock.advance(1)
  equal(circuit.snapshot().openings, 0)
  equal(opensFor(), 5_000)
})

test('half-opened by news and failing again, it opens for the next longer time', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1, openMs: 1_000, openMaxMs: 4_000 })
  call(circuit, 'failure')
  for (const openMs of [2_000, 4_000, 4_000]) {
    circuit.halfOpenNow('connected')
    call(circuit, 'failure')
    await clock.advance(openMs - 1)
    equal(circuit.state, 'open')
  }
  await clock.advance(1)
  equal(circuit.state, 'half-open')
})

test('forced open it refuses all, whatever time passes and whatever news there is', async t => {
  const clock = still(t)
  const [changes, told] = [heard(t, 'circuit'), heard(t, 'forced')]
  using circuit = new Circuit({ ...options, mode: 'observe' })
  const early = circuit.admit()!
  circuit.force('open')
  circuit.force('open')
  equal(circuit.mode, 'enforce', 'also one that only observes')
  circuit.judge(early, 'success')
  await clock.advance(3_600_000)
  circuit.halfOpenNow('connected')
  equal(call(circuit, 'success'), false)
  const problem = circuit.wouldRefuse('gate')
  equal(problem?.message, 'The circuit orders is open: an operator set it to open.')
  equal(problem?.retryAfterMs, 5_000)
  equal(circuit.snapshot().openUntil, null)
  deepEqual(told, [{ circuit: 'orders', forced: 'open' }])
  equal(changes.length, 1)
})

test('let go after it was forced open, probes decide first', t => {
  still(t)
  using circuit = new Circuit(options)
  circuit.force('open')
  circuit.force(null)
  equal(circuit.state, 'half-open')
  equal(circuit.mode, 'enforce')
  call(circuit, 'success')
  equal(circuit.state, 'closed')
  equal(circuit.snapshot().openings, 0, 'an operator’s opening is no failure of the target')
  using off = new Circuit({ ...options, mode: 'off' })
  off.force('open')
  equal(off.wouldRefuse('gate')?.code, 'circuit-open')
  off.force(null)
  equal(off.state, 'closed', 'nobody would probe it')
})

test('forced open while it is open, its timer is gone; forced closed, it is closed at once', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  circuit.force('open')
  await clock.advance(60_000)
  equal(circuit.state, 'open')
  circuit.force('closed')
  equal(circuit.state, 'closed')
  await clock.advance(60_000)
  equal(circuit.state, 'closed')
})

test('forced closed it lets all through and counts; let go, it opens at the next failure', t => {
  still(t)
  using circuit = new Circuit({ ...slowly, consecutive: 5 })
  circuit.force('closed')
  equal(calls(circuit, 100, 'failure'), 100)
  equal(calls(circuit, 100, 'slow'), 100)
  equal(calls(circuit, 100, 'failure'), 100)
  equal(circuit.state, 'closed')
  const { verdicts, failures, slow, inARow, forced, mode } = circuit.snapshot()
  deepEqual([verdicts, failures, slow, inARow], [300, 200, 100, 100])
  deepEqual([forced, mode], ['closed', 'enforce'])
  circuit.force(null)
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
})

test('forced to observe, it goes on deciding and refuses nothing', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  circuit.force('observe')
  equal(circuit.mode, 'observe')
  equal(circuit.state, 'open')
  equal(circuit.wouldRefuse('gate'), null)
  await clock.advance(5_000)
  equal(circuit.state, 'half-open')
  circuit.force(null)
  equal(circuit.mode, 'enforce')
  const probe = circuit.admit()
  ok(probe !== null)
  equal(circuit.wouldRefuse('gate')?.code, 'circuit-open')
})

test('a snapshot says what is so at present', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...slowly, consecutive: 5, openMaxMs: 60_000, probes: 2 })
  const fresh = circuit.snapshot()
  deepEqual(fresh, {
    name: 'orders',
    state: 'closed',
    mode: 'enforce',
    forced: null,
    reason: 'it has never opened',
    verdicts: 0,
    failures: 0,
    slow: 0,
    inARow: 0,
    openUntil: null,
    openings: 0,
    probing: 0,
  })
  call(circuit, 'slow')
  calls(circuit, 5, 'failure')
  const reason = '5 in a row failed, the last: reply-timeout'
  const counts = { verdicts: 6, failures: 5, slow: 1, inARow: 5, openings: 1 }
  deepEqual(circuit.snapshot(), { ...fresh, ...counts, state: 'open', reason, openUntil: wallClock() + 5_000 })
  await clock.advance(5_000)
  circuit.admit()
  const { state, openUntil, probing } = circuit.snapshot()
  deepEqual([state, openUntil, probing], ['half-open', null, 1])
})

test('what was open before a restart is open for what is left of its time, and for longer the next time', async t => {
  const clock = still(t)
  const growing = { ...options, consecutive: 1, openMaxMs: 60_000 }
  using before = new Circuit(growing)
  call(before, 'failure')
  await clock.advance(5_000)
  call(before, 'failure')
  const saved = before.saved
  deepEqual(saved, {
    state: 'open',
    forced: null,
    reason: '1 of 1 probes failed, the last: reply-timeout',
    limit: 50,
    observed: 100,
    openings: 2,
    until: wallClock() + 10_000,
  })
  await clock.advance(4_000)
  using circuit = new Circuit(growing)
  equal(circuit.restore(saved), true)
  const refused = circuit.wouldRefuse('gate')
  equal(refused?.retryAfterMs, 6_000)
  match(refused.message, /is open: before the restart 1 of 1 probes failed/)
  deepEqual([refused.policy, refused.limit, refused.observed], ['gate', 50, 100])
  await clock.advance(5_999)
  equal(circuit.state, 'open')
  await clock.advance(1)
  equal(circuit.state, 'half-open')
  call(circuit, 'failure')
  equal(circuit.refusal('gate').retryAfterMs, 20_000)
})

test('what was half-open is so again; what is past its time is left', async t => {
  const clock = still(t)
  using before = new Circuit({ ...options, consecutive: 1 })
  call(before, 'failure')
  const open = before.saved
  await clock.advance(5_000)
  const halfOpen = before.saved
  using circuit = new Circuit(options)
  equal(circuit.restore(open), false)
  equal(circuit.state, 'closed')
  await clock.advance(9_999)
  equal(circuit.restore(halfOpen), true)
  equal(circuit.state, 'half-open')
  call(circuit, 'success')
  equal(circuit.state, 'closed')
  await clock.advance(1)
  equal(circuit.restore(halfOpen), false)
  equal(circuit.state, 'closed')
  equal(circuit.restore(circuit.saved), true, 'closed and not forced: nothing to take up')
})

test('what an operator forced holds over a restart, without an end', async t => {
  const clock = still(t)
  for (const forced of ['open', 'closed', 'observe'] as const) {
    using before = new Circuit(options)
    before.force(forced)
    const saved = before.saved
    equal(saved.until, null)
    await clock.advance(3_600_000)
    using circuit = new Circuit(options)
    equal(circuit.restore(saved), true)
    equal(circuit.snapshot().forced, forced)
    equal(circuit.state, forced === 'open' ? 'open' : 'closed')
  }
})

test('a wall clock that was set back keeps nothing open for longer than it could be, and an off breaker takes nothing up', async t => {
  const clock = still(t)
  const saved = { state: 'open', forced: null, reason: 'x', openings: 3, until: onTheWire(later(1e12)) } as const
  using circuit = new Circuit(options)
  circuit.restore(saved)
  await clock.advance(5_999)
  equal(circuit.state, 'open')
  await clock.advance(1)
  equal(circuit.state, 'half-open')
  using off = new Circuit({ ...options, mode: 'off' })
  off.restore(saved)
  equal(off.state, 'closed')
})

test('whoever watches is told of each change, and of nothing else', async t => {
  const clock = still(t)
  using circuit = new Circuit({ ...options, consecutive: 2 })
  let told = 0
  {
    using _ = circuit.watch(() => void told++)
    calls(circuit, 1_000, 'success')
    call(circuit, 'failure')
    equal(told, 0)
    call(circuit, 'failure')
    equal(told, 1)
    await clock.advance(5_000)
    equal(told, 2)
    call(circuit, 'success')
    equal(told, 3)
    circuit.force('observe')
    circuit.force(null)
    equal(told, 5)
    circuit.force('open')
    equal(told, 6)
  }
  circuit.force(null)
  equal(told, 6)
})

test('any course of calls, verdicts, waits, news and operators takes it where its rules say', async t => {
  const clock = still(t)
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 2, 5),
      fc.commands(commands, { maxCommands: 120, size: 'max' }),
      async (probes, course) => {
        using circuit = new Circuit(small(probes))
        using _ = circuit.watch(() => reached.add(`${circuit.snapshot().forced} ${circuit.state}`))
        await fc.asyncModelRun(() => ({ model: new Model(probes), real: { circuit, running: [], ...clock } }), course)
      },
    ),
    { numRuns: 200 },
  )
  const states = ['null closed', 'null open', 'null half-open', 'open open', 'closed closed', 'observe half-open']
  for (const state of states) ok(reached.has(state), `${state} was never reached`)
})
