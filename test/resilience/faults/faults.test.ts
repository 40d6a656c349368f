import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import type { Abortable, Call } from '../../../src/call.ts'
import { alarms } from '../../../src/clock.ts'
import type { Fault, Struck } from '../../../src/fault.ts'
import { Problem } from '../../../src/problem.ts'
import { Faults, faults, publishFaults } from '../../../src/resilience/faults/faults.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'
import { heard } from '../heard.ts'

function someFaults(t: TestContext, rules: object, over: object = {}): Faults {
  const config = Config.parse({ routes: {}, faults: { mode: 'enforce', rules, ...over } })
  const all = new Faults(config.faults, ['place-order', 'read-order'], ['orders'])
  t.after(() => all[Symbol.dispose]())
  return all
}
const abort = { kind: 'abort', percent: 100, status: 503 } as const
const asked = (over: Partial<Fault> = {}): Fault => ({
  rule: 'headers',
  kind: 'abort',
  percent: 100,
  value: 500,
  ...over,
})
const answers = async () => anAnswer

test('without rules and headers a call passes as it is', async t => {
  frozenClock(t)
  const all = someFaults(t, {})
  const call = aCall()
  let seen: Call | null = null
  await faults(all)(async given => ((seen = given), anAnswer))(call)
  equal(seen, call)
})

test('an abort answers as the worker would, sends nothing, and is told', async t => {
  frozenClock(t)
  const told = heard(t, 'fault')
  const all = someFaults(t, { a: abort })
  const { service, taken } = heldService()
  const call = aCall()
  const { status, body } = await faults(all)(service)(call)
  equal(status, 503)
  ok(Buffer.from(body).toString().includes('injected'))
  deepEqual([taken.length, call.progress.outcome], [0, 'not-sent'])
  deepEqual(told, [{ kind: 'abort', rule: 'a', route: 'place-order', worker: 'orders', observed: false }])
})

test('a rule is for its route and its worker', async t => {
  frozenClock(t)
  const all = someFaults(t, { a: { ...abort, route: 'read-order' }, b: { ...abort, worker: 'orders', status: 418 } })
  const status = async (over: Partial<Call>): Promise<number> => (await faults(all)(answers)(aCall(over))).status
  equal(await status({ route: 'read-order', worker: 'stock' }), 503)
  equal(await status({ route: 'place-order', worker: 'stock' }), 200)
  equal(await status({ route: 'place-order', worker: 'orders' }), 418)
})

test('it strikes as often as its percentage says', async t => {
  frozenClock(t)
  const all = someFaults(t, { a: { ...abort, percent: 30 } })
  let chance = 0
  t.mock.method(Math, 'random', () => (chance += 0.01) % 1)
  let struck = 0
  for (let i = 0; i < 1_000; i++) if ((await faults(all)(answers)(aCall())).status === 503) struck++
  ok(Math.abs(struck - 300) <= 10, `${struck} of 1,000`)
  equal(all.snapshot().rules[0]!.strikes, struck)
})

test('what the request asks for strikes only it', async t => {
  frozenClock(t)
  const told = heard(t, 'fault')
  const all = someFaults(t, {})
  equal((await faults(all)(answers)(aCall({ fault: [asked()] }))).status, 500)
  equal((await faults(all)(answers)(aCall())).status, 200)
  deepEqual(
    told.map(({ rule }) => rule),
    ['headers'],
  )
})

test('each rule ends by itself after its time, is told when it begins and ends, and leaves no alarm', async t => {
  const clock = frozenClock(t)
  const told = heard(t, 'faultRule')
  const all = someFaults(t, { short: { ...abort, forMs: 1_000 }, long: { ...abort, forMs: 5_000 } })
  deepEqual(
    all.snapshot().rules.map(({ name, endsInMs }) => [name, endsInMs]),
    [
      ['short', 1_000],
      ['long', 5_000],
    ],
  )
  await clock.advance(1_000)
  deepEqual(
    all.snapshot().rules.map(({ name, endsInMs }) => [name, endsInMs]),
    [['long', 4_000]],
  )
  await clock.advance(4_000)
  equal((await faults(all)(answers)(aCall())).status, 200)
  deepEqual(
    told.map(({ rule, state }) => `${rule} ${state}`),
    ['short begun', 'long begun', 'short time', 'long time'],
  )
  equal(alarms(), 0)
})

test('rules are set as a whole, or not at all', async t => {
  frozenClock(t)
  const told = heard(t, 'faultRule')
  const all = someFaults(t, { a: abort }, { maxPercent: 100, maxForMs: 100_000 })
  throws(() => all.set({ b: abort, c: { ...abort, forMs: 100_001 } }), { code: 'invalid-request' })
  deepEqual(
    all.snapshot().rules.map(({ name }) => name),
    ['a'],
  )
  all.set({ b: { ...abort, route: 'read-order', forMs: 7 } })
  deepEqual(all.snapshot(), {
    active: 0,
    maxActive: 100,
    rules: [{ name: 'b', ...abort, route: 'read-order', forMs: 7, endsInMs: 7, strikes: 0 }],
  })
  all.clear()
  deepEqual(all.snapshot().rules, [])
  deepEqual(
    told.map(({ rule, state }) => `${rule} ${state}`),
    ['a begun', 'a cleared', 'b begun', 'b cleared'],
  )
  equal(alarms(), 0)
})

test('no more than maxActive calls suffer at once', async t => {
  const clock = frozenClock(t)
  const all = someFaults(t, { lost: { kind: 'lost-reply', percent: 100 } }, { maxActive: 3 })
  const { service, taken } = heldService()
  const ends = Array.from({ length: 10 }, () => faults(all)(service)(aCall()))
  const struck = taken.filter(({ call }) => call.struck?.strike('lost-reply') !== null)
  equal(struck.length, 3)
  equal(struck[0]!.call.struck?.strike('lost-reply') === null, false, 'who suffers already may suffer again')
  equal(all.snapshot().active, 3)
  for (const { reply } of taken) reply(anAnswer)
  await Promise.all(ends)
  await clock.advance(0)
  equal(all.snapshot().active, 0)
})

test('a throttled reply says how slowly, yet ends in the time that a rule may hold', async t => {
  frozenClock(t)
  const all = someFaults(t, { slow: { kind: 'throttle', percent: 100, bytesPerSecond: 100 } }, { maxForMs: 60_000 })
  const rate = async (bytes: number): Promise<number | undefined> =>
    (await faults(all)(async () => ({ ...anAnswer, body: new Uint8Array(bytes) }))(aCall())).bytesPerSecond
  equal(await rate(10), 100)
  equal(await rate(60_000), 1_000)
})

test('a throttled reply takes its place for as long as it is written', async t => {
  const clock = frozenClock(t)
  const slow = { kind: 'throttle', percent: 100, bytesPerSecond: 100 }
  const all = someFaults(t, { slow }, { maxActive: 2 })
  const rate = async (bytes: number): Promise<number | undefined> =>
    (await faults(all)(async () => ({ ...anAnswer, body: new Uint8Array(bytes) }))(aCall())).bytesPerSecond
  deepEqual([await rate(100), await rate(200), await rate(100)], [100, 100, undefined])
  await clock.advance(999)
  deepEqual([all.snapshot().active, await rate(100)], [2, undefined])
  await clock.advance(1)
  deepEqual([all.snapshot().active, await rate(0)], [1, 100])
  await clock.advance(1_000)
  equal(all.snapshot().active, 0)
  await rate(100)
  all[Symbol.dispose]()
  equal(alarms(), 0)
})

test('observed, it decides and counts, and nothing goes wrong', async t => {
  frozenClock(t)
  const told = heard(t, 'fault')
  const lost = { kind: 'lost-reply', percent: 100 }
  const all = someFaults(t, { a: abort, lost }, { mode: 'observe', maxActive: 1 })
  const { service, taken } = heldService()
  const ends = [faults(all)(service)(aCall()), faults(all)(service)(aCall())]
  equal(taken[0]!.call.struck?.strike('lost-reply'), null)
  equal(all.snapshot().active, 1)
  for (const { reply } of taken) reply(anAnswer)
  for (const { status } of await Promise.all(ends)) equal(status, anAnswer.status)
  deepEqual(
    told.map(({ kind, observed }) => [kind, observed]),
    [
      ['abort', true],
      ['lost-reply', true],
    ],
  )
  deepEqual(
    all.snapshot().rules.map(({ strikes }) => strikes),
    [1, 1],
  )
})

test('a failure of the core passes, and the place is given back', async t => {
  frozenClock(t)
  const all = someFaults(t, { lost: { kind: 'lost-reply', percent: 100 } })
  const silent = new Problem('reply-timeout', 'silent')
  await rejects(
    faults(all)(async ({ struck }) => (struck?.strike('lost-reply'), Promise.reject(silent)))(aCall()),
    silent,
  )
  equal(all.snapshot().active, 0)
})

type Publishing = Abortable & { topic: string; struck?: Struck }
const striking = (kind: string, value = 0): Struck => ({
  strike: asked => (asked === kind ? { rule: 'a', kind: asked, percent: 100, value } : null),
  hold: () => {},
})

test('a refused publishing is the broker’s refusal: certainly not sent', async t => {
  frozenClock(t)
  let written = 0
  const publish = publishFaults<Publishing, number>()(async () => ++written)
  const { signal } = new AbortController()
  equal(await publish({ topic: 't', signal }), 1)
  await rejects(publish({ topic: 't', signal, struck: striking('refused-publish') }), {
    code: 'broker-unavailable',
    outcome: 'not-sent',
    spec: { ...new Problem('broker-unavailable', '').spec },
  })
  equal(await publish({ topic: 't', signal, struck: striking('lost-reply') }), 2)
})

test('a slow publishing is written at once and acknowledged late; who gives up meanwhile is in doubt', async t => {
  const clock = frozenClock(t)
  let written = 0
  const publish = publishFaults<Publishing, number>()(async () => ++written)
  const slow = striking('slow-publish', 300)
  const abort = new AbortController()
  let acknowledged = false
  const first = publish({ topic: 't', signal: abort.signal, struck: slow }).then(() => (acknowledged = true))
  await clock.advance(299)
  deepEqual([written, acknowledged], [1, false])
  await clock.advance(1)
  await first
  const second = rejects(publish({ topic: 't', signal: abort.signal, struck: slow }), {
    code: 'publish-timeout',
    outcome: 'in-doubt',
  })
  await clock.advance(10)
  abort.abort(new Problem('deadline-exceeded', 'late'))
  await second
  equal(alarms(), 0)
})
