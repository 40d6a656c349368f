import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Call, Reply, Service } from '../../../src/call.ts'
import { later, now } from '../../../src/clock.ts'
import type { Instant } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { breaker } from '../../../src/resilience/circuit/breaker.ts'
import type { BreakerOptions } from '../../../src/resilience/circuit/breaker.ts'
import { Circuit } from '../../../src/resilience/circuit/circuit.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { chance } from '../../help/chance.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'
import { heard } from '../heard.ts'

const aCircuit = (mode: 'enforce' | 'observe' = 'enforce'): Circuit =>
  new Circuit({
    name: 'orders',
    mode,
    windowMs: 10_000,
    minCalls: 100,
    failurePercent: 50,
    consecutive: 3,
    openMs: 5_000,
    openMaxMs: 60_000,
    probes: 1,
    slowMs: 500,
    longestWaitMs: 5_000,
  })
const options: BreakerOptions<Call, Reply> = {
  policy: 'breaker',
  blames: 'worker',
  labels: call => call,
  failed: reply => (reply.status >= 500 ? `status ${reply.status}` : null),
}
const answers =
  (status: number): Service<Call, Reply> =>
  async () => ({ ...anAnswer, status })
const throws =
  (code: ConstructorParameters<typeof Problem>[0]): Service<Call, Reply> =>
  () =>
    Promise.reject(new Problem(code, 'as the test says'))
/** Three calls: enough to open it, if they count. */
async function thrice(service: Service<Call, Reply>): Promise<void> {
  for (let i = 0; i < 3; i++) await service(aCall()).catch(() => {})
}

test('silence and garbage of the worker open its circuit, which then refuses without calling', async t => {
  frozenClock(t)
  const refused = heard(t, 'refused')
  for (const code of ['reply-timeout', 'bad-reply'] as const) {
    using circuit = aCircuit()
    let called = 0
    const service = breaker(circuit, options)(call => (called++, throws(code)(call)))
    await thrice(service)
    equal(circuit.state, 'open')
    await rejects(service(aCall()), { code: 'circuit-open', outcome: 'not-sent', policy: 'breaker' })
    equal(called, 3)
  }
  const { problem, ...told } = refused[0]!
  deepEqual(told, { policy: 'breaker', route: 'place-order', worker: 'orders', observed: false })
  equal(problem.code, 'circuit-open')
})

test('a reply that counts as a failure opens it, and is passed on all the same', async t => {
  frozenClock(t)
  const changes = heard(t, 'circuit')
  using circuit = aCircuit()
  const service = breaker(circuit, options)(answers(503))
  for (let i = 0; i < 99; i++) equal((await service(aCall())).status, 503)
  equal(circuit.state, 'closed', 'however many in a row')
  equal((await service(aCall())).status, 503)
  equal(circuit.state, 'open')
  equal(changes[0]?.reason, 'at least 50 % failed, the last: status 503')
})

test('refusals of the worker, and what is the fault of the broker, the client or ourselves, count for nothing', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const codes = ['client-gone', 'deadline-exceeded', 'broker-unavailable', 'publish-timeout', 'bulkhead-full'] as const
  const others = ['too-large', 'topic-forbidden', 'internal', 'circuit-open', 'draining'] as const
  for (const code of [...codes, ...others]) await thrice(breaker(circuit, options)(throws(code)))
  await thrice(breaker(circuit, options)(answers(422)))
  equal(circuit.state, 'closed')
  await thrice(breaker(circuit, options)(throws('reply-timeout')))
  equal(circuit.state, 'open')
})

test('what is thrown unexpectedly goes on as it is', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const error = new TypeError('a defect')
  await rejects(breaker(circuit, options)(() => Promise.reject(error))(aCall()), error)
})

test('while our own reader is dead or our loop stands still, silence proves nothing', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const asked: Instant[] = []
  let dead = true
  const excused = ({ started }: Call): boolean => (asked.push(started), dead)
  const service = breaker(circuit, { ...options, excused })(throws('reply-timeout'))
  await thrice(service)
  equal(circuit.state, 'closed')
  dead = false
  await thrice(service)
  equal(circuit.state, 'open')
  equal(asked.length, 6)
  equal(asked[0], now())
})

test('an excuse does not undo what the worker itself replied', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  await thrice(breaker(circuit, { ...options, excused: () => true })(answers(500)))
  equal(circuit.snapshot().failures, 3)
})

test('an excused probe gives its place back', async t => {
  chance(t)
  const clock = frozenClock(t)
  using circuit = aCircuit()
  await thrice(breaker(circuit, options)(throws('reply-timeout')))
  await clock.advance(5_000)
  await thrice(breaker(circuit, { ...options, excused: () => true })(throws('reply-timeout')))
  equal(circuit.state, 'half-open')
  await breaker(circuit, options)(answers(200))(aCall())
  equal(circuit.state, 'closed')
})

test('where calls outlive the wait of their clients, silence counts once, after the full wait', async t => {
  const clock = frozenClock(t)
  using circuit = aCircuit()
  const { service, taken } = heldService()
  const silence = { ms: 5_000, blamed: (call: Call) => call.progress.outcome === 'sent' }
  const guarded = breaker(circuit, { ...options, silence })(service)
  const all = Array.from({ length: 4 }, () => guarded(aCall({ expires: later(60_000) })))
  for (const { call } of taken.slice(0, 2)) call.progress.outcome = 'sent'
  await clock.advance(5_000)
  for (const { fail } of taken.slice(0, 2)) fail(new Problem('reply-timeout', 'expired'))
  await Promise.allSettled(all.slice(0, 2))
  equal(circuit.state, 'closed') // two silences: counted again at their expiry they would be four
  taken[2]!.reply({ ...anAnswer, status: 500 }) // was not sent at the full wait, so it was not blamed for its silence
  await all[2]
  equal(circuit.snapshot().failures, 3)
  taken[3]!.reply(anAnswer)
  await all[3]
})

test('a reply in time calls the silence off', async t => {
  const clock = frozenClock(t)
  using circuit = aCircuit()
  const silence = { ms: 5_000, blamed: () => true }
  await thrice(breaker(circuit, { ...options, silence })(answers(200)))
  await clock.advance(60_000)
  equal(circuit.state, 'closed')
})

test('observed, it counts what it would refuse, lets it through, and takes its verdict only from probes', async t => {
  chance(t)
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  using circuit = aCircuit('observe')
  await thrice(breaker(circuit, options)(throws('reply-timeout')))
  equal(circuit.state, 'open')
  equal(await breaker(circuit, options)(async () => anAnswer)(aCall()), anAnswer)
  equal(circuit.state, 'open')
  deepEqual(
    refused.map(({ problem: { code }, observed }) => [code, observed]),
    [['circuit-open', true]],
  )
  await clock.advance(5_000)
  await breaker(circuit, options)(answers(200))(aCall())
  equal(circuit.state, 'closed')
})

test('slow successes open it, by the time that the target took', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const answered = breaker(circuit, { ...options, tookMs: call => call.progress.workerMs })(async call => {
    call.progress.workerMs = call.client === 'slow' ? 501 : 500
    return anAnswer
  })
  for (let i = 0; i < 99; i++) await answered(aCall({ client: 'slow' }))
  for (let i = 0; i < 24; i++) await answered(aCall({ client: 'quick' }))
  equal(circuit.state, 'closed')
  equal(circuit.snapshot().slow, 99)
  await answered(aCall({ client: 'slow' }))
  equal(circuit.state, 'open')
})

test('a success that was slow while we stood still ourselves is a success', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const guarded = breaker(circuit, { ...options, tookMs: () => 10_000, excused: () => true })(answers(200))
  for (let i = 0; i < 100; i++) await guarded(aCall())
  const { state, slow, verdicts } = circuit.snapshot()
  deepEqual([state, slow, verdicts], ['closed', 0, 100])
})

test('an operator’s word counts at once', async t => {
  frozenClock(t)
  const refused = heard(t, 'refused')
  using circuit = aCircuit('observe')
  const guarded = breaker(circuit, options)(answers(200))
  circuit.force('open')
  await rejects(guarded(aCall()), { code: 'circuit-open', policy: 'breaker' })
  circuit.force('closed')
  equal((await guarded(aCall())).status, 200)
  circuit.force('open')
  circuit.force('observe')
  const { service, taken } = heldService()
  const held = breaker(circuit, options)(service)
  const [probe, through] = [held(aCall()), held(aCall())]
  for (const { reply } of taken) reply(anAnswer)
  await Promise.all([probe, through])
  deepEqual(
    refused.map(({ observed }) => observed),
    [false, true],
  )
})

test('five silences of one client with one key prove nothing of the worker, of a second one they do', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  const guarded = breaker(circuit, { ...options, source: call => call })(throws('reply-timeout'))
  const key = (): Uint8Array => new Uint8Array([1, 2])
  for (let i = 0; i < 5; i++) await guarded(aCall({ client: 'one', key: key() })).catch(() => {})
  equal(circuit.state, 'closed')
  await guarded(aCall({ client: 'two', key: key() })).catch(() => {})
  equal(circuit.state, 'open')
})

test('silences of calls that were passed over open nothing in a row, and count in the share', async t => {
  frozenClock(t)
  using circuit = aCircuit()
  let passedOver = true
  const guarded = breaker(circuit, { ...options, passedOver: () => passedOver })(throws('reply-timeout'))
  for (let i = 0; i < 3; i++) await guarded(aCall()).catch(() => {})
  deepEqual([circuit.state, circuit.snapshot().failures], ['closed', 3])
  passedOver = false
  for (let i = 0; i < 2; i++) await guarded(aCall()).catch(() => {})
  equal(circuit.state, 'closed', 'only these two are in a row')
  await guarded(aCall()).catch(() => {})
  equal(circuit.state, 'open')
})

test('a client that asks once a second, alone, is protected from a worker that is silent', async t => {
  const clock = frozenClock(t)
  using circuit = aCircuit()
  const guarded = breaker(circuit, { ...options, source: call => call })(throws('reply-timeout'))
  for (let i = 0; i < 3; i++) {
    await guarded(aCall({ client: 'legacy', key: new Uint8Array([i]) })).catch(() => {})
    await clock.advance(1_000)
  }
  equal(circuit.state, 'open')
})

test('after a silence any answer of a probe closes it: whether it is an error is a matter of its share', async t => {
  chance(t)
  const clock = frozenClock(t)
  using circuit = aCircuit()
  await thrice(breaker(circuit, options)(throws('reply-timeout')))
  await clock.advance(5_000)
  await breaker(circuit, options)(answers(500))(aCall())
  equal(circuit.state, 'closed')
})

/** Two calls through one breaker; the signal of the first ends, which its service does not mind. The second is answered before that, or not. */
async function outliving(answered: boolean) {
  const circuit = aCircuit()
  const held = [Promise.withResolvers<Reply>(), Promise.withResolvers<Reply>()] as const
  let count = 0
  const guarded = breaker(circuit, { ...options, overdueMs: 20 })(() => held[count++]!.promise)
  const attempt = new AbortController()
  const given = guarded({ ...aCall(), signal: attempt.signal })
  const other = guarded(aCall())
  if (answered) held[1].resolve(anAnswer)
  if (answered) await other
  attempt.abort(new Problem('publish-timeout', 'Not done within 1000 ms.'))
  return { circuit, given, held: held[0] }
}

for (const [answered, failures] of [
  [false, 1],
  [true, 0],
] as const) {
  const how = answered ? 'no failure where another call was answered meanwhile' : 'a failure'
  test(`what goes on after its signal has ended is ${how}`, async t => {
    const { advance } = frozenClock(t)
    const { circuit, given, held } = await outliving(answered)
    await advance(20)
    equal(circuit.snapshot().failures, failures)
    held.resolve(anAnswer)
    await given
    equal(circuit.snapshot().failures, failures, 'one verdict a call')
    circuit[Symbol.dispose]()
  })

  test(`what ends with an error as its signal has ended is ${how}`, async t => {
    frozenClock(t)
    const { circuit, given, held } = await outliving(answered)
    held.reject(new Problem('reply-timeout', 'It waited behind another.'))
    await rejects(given)
    equal(circuit.snapshot().failures, failures)
    circuit[Symbol.dispose]()
  })
}
