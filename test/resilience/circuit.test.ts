import { test } from 'node:test'
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { now } from '../../src/clock.ts'
import type { CircuitState } from '../../src/events.ts'
import { Circuit } from '../../src/resilience/circuit.ts'
import type { CircuitOptions, Pass, Verdict } from '../../src/resilience/circuit.ts'
import { rotationTimers } from '../../src/resilience/rotation.ts'
import { frozenClock } from '../help/clock.ts'
import { heard } from './heard.ts'

const options: CircuitOptions = {
  name: 'orders',
  mode: 'enforce',
  windowMs: 10_000,
  minCalls: 20,
  failurePercent: 50,
  consecutive: 1_000,
  openMs: 5_000,
  longestWaitMs: 30_000,
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
  const clock = frozenClock(t)
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
  equal(changes[2]?.reason, 'the probe succeeded')
})

test('stays closed below the share, however many fail', t => {
  frozenClock(t)
  using circuit = new Circuit(options)
  for (let i = 0; i < 1_000; i++) {
    calls(circuit, 2, 'success')
    call(circuit, 'failure')
  }
  equal(circuit.state, 'closed')
})

test('opens after failures in a row, however few the calls, and a success between begins the row anew', t => {
  frozenClock(t)
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
  const clock = frozenClock(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  equal(circuit.wouldRefuse('gate'), null)
  call(circuit, 'failure')
  await clock.advance(3_000)
  const waits = Array.from({ length: 500 }, () => circuit.refusal('breaker').retryAfterMs!)
  ok(waits.every(wait => wait >= 1_600 && wait <= 2_400))
  ok(Math.min(...waits) < 1_680 && Math.max(...waits) > 2_320)
  const problem = circuit.wouldRefuse('gate')
  equal(problem?.code, 'circuit-open')
  equal(problem?.outcome, 'not-sent')
  equal(problem?.policy, 'gate')
  equal(problem?.message, 'The circuit orders is open: 1 in a row failed, the last: reply-timeout.')
})

test('half-open admits one probe and refuses the rest at once', async t => {
  const clock = frozenClock(t)
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  equal(circuit.wouldRefuse('gate'), null)
  const probe = circuit.admit()
  notEqual(probe, null)
  equal(circuit.wouldRefuse('gate')?.code, 'circuit-open')
  const start = process.hrtime.bigint() // the clock that is not frozen
  for (let i = 0; i < 1_000; i++) equal(circuit.admit(), null)
  for (let i = 0; i < 1_000; i++) circuit.refusal('breaker')
  ok(process.hrtime.bigint() - start < 1_000_000_000n, 'a refusal takes less than a millisecond')
  circuit.judge(probe!, 'success')
  equal(circuit.state, 'closed')
})

test('a failed probe opens it again for the whole time', async t => {
  const clock = frozenClock(t)
  const changes = heard(t, 'circuit')
  using circuit = new Circuit({ ...options, consecutive: 1 })
  call(circuit, 'failure')
  await clock.advance(5_000)
  call(circuit, 'failure')
  equal(circuit.state, 'open')
  equal(changes.at(-1)?.reason, 'the probe failed: reply-timeout')
  await clock.advance(4_999)
  equal(circuit.state, 'open')
  await clock.advance(1)
  equal(circuit.state, 'half-open')
})

test('a probe that never ends gives its place to another after the longest wait, and its verdict is void', async t => {
  const clock = frozenClock(t)
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
})

test('what proves nothing never opens or closes it, and gives the probe back', async t => {
  const clock = frozenClock(t)
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
  const clock = frozenClock(t)
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
  const clock = frozenClock(t)
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
  frozenClock(t)
  using circuit = new Circuit({ ...options, ...never })
  for (let i = 0; i < 30; i++) circuit.admit()
  calls(circuit, 30, 'none')
  calls(circuit, 19, 'failure')
  equal(circuit.state, 'closed')
  call(circuit, 'failure')
  equal(circuit.state, 'open')
})

test('verdicts of calls begun before the last change do not move it', async t => {
  const clock = frozenClock(t)
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
  const clock = frozenClock(t)
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
  const clock = frozenClock(t)
  using circuit = new Circuit({ ...options, ...never, windowMs: 100 })
  calls(circuit, 19, 'failure')
  await clock.advance(50)
  await clock.advance(50)
  call(circuit, 'failure')
  equal(circuit.state, 'closed')
})

test('news of the target half-opens it at once, and only when it is open', async t => {
  const clock = frozenClock(t)
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

test('tells of its trouble to those who ask about a time that it touches', async t => {
  const clock = frozenClock(t)
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
  const clock = frozenClock(t)
  using circuit = new Circuit({ ...options, mode: 'observe', consecutive: 5 })
  calls(circuit, 5, 'failure')
  equal(circuit.state, 'open')
  equal(circuit.wouldRefuse('gate'), null)
  await clock.advance(5_000)
  call(circuit, 'success')
  equal(circuit.state, 'closed')
})

test('circuits with equal windows share one timer, which goes with the last', t => {
  frozenClock(t)
  const before = rotationTimers()
  const circuits = Array.from({ length: 50 }, () => new Circuit(options))
  equal(rotationTimers(), before + 1)
  for (const circuit of circuits) circuit[Symbol.dispose]()
  equal(rotationTimers(), before)
})

/** The circuit as its rules say it, without opossum, buckets or timers. */
class Model {
  state: CircuitState = 'closed'
  change = 0
  verdicts: Verdict[] = []
  opened = 0
  probe: { at: number; id: number } | null = null
  ids = 0

  turn(state: CircuitState, at: number): void {
    this.state = state
    this.change++
    this.verdicts = []
    this.probe = null
    if (state === 'open') this.opened = at
  }
  admit(at: number): string | null {
    if (this.state === 'open') return null
    if (this.state === 'closed') return `${this.change}`
    if (this.probe !== null && at - this.probe.at <= 3_000) return null
    this.probe = { at, id: ++this.ids }
    return `${this.change} ${this.probe.id}`
  }
  judge(pass: string, verdict: Verdict, at: number): void {
    const [change, id] = pass.split(' ')
    if (change !== `${this.change}`) return
    if (id !== undefined) {
      if (id !== `${this.probe?.id}`) return
      if (verdict === 'none') this.probe = null
      else this.turn(verdict === 'success' ? 'closed' : 'open', at)
      return
    }
    if (verdict === 'none') return
    this.verdicts.push(verdict)
    const failed = this.verdicts.filter(one => one === 'failure').length
    const share = verdict === 'failure' && this.verdicts.length >= 6 && failed / this.verdicts.length >= 0.5
    if (share || this.verdicts.slice(-4).join() === 'failure,failure,failure,failure') this.turn('open', at)
  }
}

test('any course of calls, verdicts and waits takes it through the states that its rules say', async t => {
  const clock = frozenClock(t)
  const verdict = fc.constantFrom<Verdict>('success', 'failure', 'failure', 'none')
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('call' as const), verdict }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), nth: fc.nat(5), verdict }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4_000 }) }) },
  )
  const small = { ...options, minCalls: 6, consecutive: 4, openMs: 1_000, longestWaitMs: 3_000, windowMs: 3_600_000 }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async steps => {
      using circuit = new Circuit(small)
      const model = new Model()
      const running: { pass: Pass; expected: string }[] = []
      let at = 0
      const begin = (): { pass: Pass; expected: string } | null => {
        const pass = circuit.admit()
        const expected = model.admit(at)
        equal(pass === null, expected === null)
        return pass === null || expected === null ? null : { pass, expected }
      }
      const end = (one: { pass: Pass; expected: string }, verdict: Verdict): void => {
        circuit.judge(one.pass, verdict)
        model.judge(one.expected, verdict, at)
      }
      for (const step of steps) {
        if (step.kind === 'wait') {
          at += step.ms
          await clock.advance(step.ms)
          if (model.state === 'open' && at - model.opened >= 1_000) model.turn('half-open', at)
        } else if (step.kind === 'end') {
          const [one] = running.splice(step.nth, 1)
          if (one !== undefined) end(one, step.verdict)
        } else {
          const one = begin()
          if (one !== null && step.kind === 'call') end(one, step.verdict)
          else if (one !== null) running.push(one)
        }
        equal(circuit.state, model.state)
      }
    }),
    { numRuns: 200 },
  )
})
