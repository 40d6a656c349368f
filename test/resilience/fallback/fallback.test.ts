import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { ModeName } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../../src/call.ts'
import { alarms, later, until } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import type { ProblemCode } from '../../../src/problem.ts'
import { fallback, stateOf } from '../../../src/resilience/fallback/fallback.ts'
import type { Step } from '../../../src/resilience/fallback/fallback.ts'
import { StaleReplies } from '../../../src/resilience/fallback/stale.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'
import { heard } from '../heard.ts'

const stale = (): Step => ({
  kind: 'stale',
  replies: new StaleReplies({ maxAgeMs: 60_000, entries: 10, bytes: 100_000, passed: [] }),
})
const fixedReply: Reply = { ...anAnswer, status: 203 }
const fixed: Step = { kind: 'fixed', reply: fixedReply }
const upstream = (service: Service<Call, Reply>, repeatable = true, timeoutMs = 1_000): Step => ({
  kind: 'upstream',
  service,
  timeoutMs,
  repeatable,
})
const elsewhere: Reply = { ...anAnswer, status: 201 }
const failed = (code: ProblemCode, outcome?: 'not-sent' | 'in-doubt' | 'sent') => () =>
  Promise.reject(new Problem(code, 'x', { outcome }))

type Options = Readonly<{ mode?: ModeName; hurries?: boolean }>

function behind(t: TestContext, steps: readonly Step[], { mode = 'enforce', hurries = false }: Options = {}) {
  let core: Service<Call, Reply> = async () => anAnswer
  const told = heard(t, 'fallback')
  const service = fallback({ mode, steps, hurries })(call => core(call))
  return {
    service,
    told: () => told.map(({ route, kind, result }) => `${route} ${kind} ${result}`),
    becomes: (next: Service<Call, Reply>) => void (core = next),
  }
}

test('what the worker answers goes out, whatever else there would be', async t => {
  const { service, told } = behind(t, [fixed])
  equal(await service(aCall()), anAnswer)
  deepEqual(told(), [])
})

test('an earlier reply stands for a failure, and says how old it is and why it is there', async t => {
  const clock = frozenClock(t)
  const { service, told, becomes } = behind(t, [stale()])
  const reply: Reply = { status: 200, headers: [['etag', '"1"']], body: new Uint8Array([1]) }
  becomes(async () => reply)
  await service(aCall())
  await clock.advance(12_345)
  becomes(failed('circuit-open'))
  const { own, ...rest } = await service(aCall())
  deepEqual(rest, reply)
  deepEqual(own, [
    ['Age', '12'],
    ['Cache-Status', 'sluice; fwd=stale; detail=circuit-open'],
  ])
  becomes(async () => ({ ...anAnswer, status: 503 }))
  deepEqual((await service(aCall())).own?.[1], ['Cache-Status', 'sluice; fwd=stale; fwd-status=503; detail=503'])
  deepEqual(told(), ['place-order stale answered', 'place-order stale answered'])
})

test('only failures of the worker and of the way to it are mended', async t => {
  const { service, becomes } = behind(t, [fixed])
  for (const code of [
    'reply-timeout',
    'bad-reply',
    'circuit-open',
    'bulkhead-full',
    'broker-unavailable',
    'not-ready',
  ] as const) {
    becomes(failed(code))
    equal(await service(aCall()), fixedReply, code)
  }
  // the caller's own, the client that is gone, and what an operator must see
  for (const code of ['rate-limited', 'too-large', 'client-gone', 'internal', 'topic-missing'] as const) {
    becomes(failed(code))
    await rejects(service(aCall()), { code })
  }
})

test('a worker that says 500 to 504 is answered for by what it said before, and by nothing else', async t => {
  const { service, becomes } = behind(t, [stale(), fixed])
  for (const status of [500, 502, 503, 504]) {
    becomes(async () => ({ ...anAnswer, status }))
    equal((await service(aCall())).status, status)
  }
  await service(aCall()) // a failed reply is not kept
  becomes(async () => anAnswer)
  await service(aCall())
  for (const [status, served] of [
    [500, 200],
    [501, 501],
    [404, 404],
    [503, 404],
    [429, 429],
  ] as const) {
    becomes(async () => ({ ...anAnswer, status }))
    equal((await service(aCall())).status, served)
  }
})

test('a step that fails goes to the next, in order', async t => {
  const asked: string[] = []
  const failing = upstream(async () => {
    asked.push('first')
    throw new Problem('upstream-failed', 'x')
  })
  const { service, told, becomes } = behind(t, [stale(), failing, upstream(async () => elsewhere), fixed])
  becomes(failed('circuit-open'))
  equal(await service(aCall()), elsewhere)
  deepEqual(asked, ['first'])
  deepEqual(told(), ['place-order stale missed', 'place-order upstream failed', 'place-order upstream answered'])
})

test('the last failure stands, with the strongest outcome', async t => {
  const { service, becomes } = behind(t, [stale(), upstream(failed('upstream-failed', 'not-sent'))])
  becomes(failed('reply-timeout'))
  await rejects(service(aCall()), { code: 'upstream-failed', outcome: 'sent' })
  becomes(failed('circuit-open'))
  await rejects(service(aCall()), { code: 'upstream-failed', outcome: 'not-sent' })
  const { service: lonely, becomes: nowIs } = behind(t, [stale()])
  nowIs(failed('circuit-open'))
  await rejects(lonely(aCall()), { code: 'circuit-open' })
})

test('what may run already does not run again elsewhere, unless it may', async t => {
  let asked = 0
  const service = async (): Promise<Reply> => {
    asked++
    return elsewhere
  }
  const { service: once, becomes, told } = behind(t, [upstream(service, false)])
  becomes(failed('reply-timeout'))
  await rejects(once(aCall()), { code: 'reply-timeout' })
  becomes(failed('publish-timeout'))
  await rejects(once(aCall()), { code: 'publish-timeout' })
  becomes(async call => {
    call.progress.outcome = 'sent'
    throw new Problem('deadline-exceeded', 'x')
  })
  await rejects(once(aCall()), { code: 'deadline-exceeded' })
  equal(asked, 0)
  ok(told().every(line => line.endsWith('missed')))
  becomes(failed('circuit-open'))
  equal(await once(aCall()), elsewhere)
  const { service: twice, becomes: nowIs } = behind(t, [upstream(service, true)])
  nowIs(failed('reply-timeout'))
  equal(await twice(aCall()), elsewhere)
})

test('a silent worker is cut off early enough for what is at hand', async t => {
  const clock = frozenClock(t)
  const { service: worker, taken } = heldService()
  const { service, becomes } = behind(t, [fixed], { hurries: true })
  becomes(worker)
  const call = aCall({ deadline: later(1_000) })
  const answered = service(call)
  await clock.advance(959)
  equal(taken[0]!.call.signal.aborted, false)
  await clock.advance(1)
  equal(taken[0]!.call.signal.aborted, true)
  equal(await answered, fixedReply)
  equal(until(call.deadline), 40)
  equal(alarms(), 0)
})

test('an upstream gets its time off the wait for the worker, but at most half, and no more than is left', async t => {
  const clock = frozenClock(t)
  const { service: worker } = heldService()
  const given: number[] = []
  const served = async (call: Call): Promise<Reply> => {
    given.push(until(call.deadline))
    return elsewhere
  }
  const { service, becomes } = behind(t, [upstream(served, true, 300)], { hurries: true })
  becomes(worker)
  for (const [patienceMs, cutMs] of [
    [1_000, 660],
    [400, 200],
  ] as const) {
    const answered = service(aCall({ deadline: later(patienceMs) }))
    await clock.advance(cutMs)
    equal(await answered, elsewhere)
  }
  deepEqual(given, [300, 200])
})

test('a client that is gone is not helped', async t => {
  const gone = new AbortController()
  gone.abort(new Problem('client-gone', 'x'))
  const { service, becomes, told } = behind(t, [fixed])
  becomes(failed('broker-unavailable'))
  await rejects(service(aCall({ aborter: gone })), { code: 'broker-unavailable' })
  deepEqual(told(), [])
})

test('a client that leaves while an upstream is asked ends it', async t => {
  const leaving = new AbortController()
  const { service, becomes, told } = behind(t, [
    upstream(async () => {
      leaving.abort()
      throw new Problem('client-gone', 'x')
    }),
    fixed,
  ])
  becomes(failed('circuit-open'))
  await rejects(service(aCall({ aborter: leaving })), { code: 'client-gone' })
  deepEqual(told(), ['place-order upstream failed'])
})

test('observed, it asks nobody, tells what would have answered, and lets the failure through', async t => {
  let asked = 0
  const other = upstream(async () => {
    asked++
    return elsewhere
  }, false)
  const { service, becomes, told } = behind(t, [stale(), other, fixed], { mode: 'observe', hurries: true })
  becomes(failed('circuit-open'))
  await rejects(service(aCall()), { code: 'circuit-open' })
  becomes(failed('reply-timeout'))
  await rejects(service(aCall()), { code: 'reply-timeout' })
  becomes(async () => anAnswer)
  await service(aCall())
  becomes(failed('reply-timeout'))
  await rejects(service(aCall()), { code: 'reply-timeout' })
  becomes(async () => ({ ...anAnswer, status: 503 }))
  equal((await service(aCall())).status, 503)
  equal(asked, 0)
  deepEqual(
    told().map(line => line.replace('place-order ', '')),
    ['upstream observed', 'fixed observed', 'stale observed', 'stale observed'],
  )
})

test('its steps are shown in few words', async t => {
  const steps = [stale(), upstream(async () => elsewhere, false, 70), fixed]
  const { service } = behind(t, steps)
  await service(aCall())
  const [kept, ...rest] = stateOf(steps) as { replies: number; bytes: number }[]
  equal(kept?.replies, 1)
  ok(kept.bytes > 0)
  deepEqual(rest, [
    { kind: 'upstream', timeoutMs: 70, repeatable: false },
    { kind: 'fixed', status: 203 },
  ])
})
