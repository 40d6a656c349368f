import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Call } from '../../../src/call.ts'
import { unsent } from '../../../src/call.ts'
import { alarms, now } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { partition } from '../../../src/resilience/partition/partition.ts'
import type { PartitionOptions } from '../../../src/resilience/partition/partition.ts'
import { StuckPartitions } from '../../../src/resilience/partition/stuck.ts'
import type { StuckOptions } from '../../../src/resilience/partition/stuck.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'
import { heard } from '../heard.ts'

const key = Buffer.from('k')
const timeout = new Problem('reply-timeout', 'orders did not answer.')

function aPolicy(t: TestContext, options: PartitionOptions = {}, over: Partial<StuckOptions> = {}) {
  const clock = frozenClock(t)
  const parts = new StuckPartitions({ worker: 'orders', mode: 'enforce', consecutive: 2, openMs: 1_000, ...over })
  const { service, taken } = heldService()
  const called = partition(parts, options)(service)
  const call = (at: number, more: Partial<Call> = {}): Promise<unknown> => {
    const result = called(aCall({ partition: at, key, started: now(), ...more }))
    result.catch(() => {})
    return result
  }
  const last = () => taken[taken.length - 1]!
  /** A call to 7 that ends so, while 0 answers. */
  const sees = async (error: unknown, more: Partial<Call> = {}): Promise<void> => {
    const result = call(7, more)
    const asked = last()
    await clock.advance(10)
    void call(0)
    last().reply(anAnswer)
    await clock.advance(10)
    asked.fail(error)
    await rejects(result)
  }
  return { clock, parts, call, sees, last, taken }
}

test('silences while others answer make a partition bad; its keyed calls are refused and reach nobody', async t => {
  const refusals = heard(t, 'refused')
  const { call, sees, taken, parts } = aPolicy(t)
  await sees(timeout)
  await sees(timeout)
  equal(parts.bad, 1)
  const before = taken.length
  await rejects(call(7), { code: 'partition-stuck', policy: 'partition', outcome: 'not-sent' })
  equal(taken.length, before)
  deepEqual(
    refusals.map(({ policy, problem, observed }) => [policy, problem.code, observed]),
    [['partition', 'partition-stuck', false]],
  )
  void call(7, { key: null })
  equal(taken.length, before + 1, 'without a key it has chosen to go there')
})

test('observed, a refusal is counted and the call goes on', async t => {
  const refusals = heard(t, 'refused')
  const { call, sees, taken } = aPolicy(t, {}, { mode: 'observe' })
  for (let i = 0; i < 2; i++) await sees(timeout)
  const before = taken.length
  void call(7)
  equal(taken.length, before + 1)
  equal(refusals[0]!.observed, true)
})

test('only silence counts: neither what was not sent, nor who left, nor an answer that cannot be passed on', async t => {
  const { sees, parts } = aPolicy(t)
  for (const code of [
    'publish-timeout',
    'client-gone',
    'broker-unavailable',
    'bad-reply',
    'deadline-exceeded',
  ] as const)
    for (let i = 0; i < 3; i++) await sees(new Problem(code, 'x'))
  equal(parts.bad, 0)
  await sees(timeout)
  await sees(new Problem('bad-reply', 'x'))
  await sees(timeout)
  equal(parts.bad, 0, 'a bad answer is one')
  await sees(timeout)
  equal(parts.bad, 1)
})

test('what is excused is no verdict', async t => {
  let excuse = true
  const { sees, parts } = aPolicy(t, { excused: () => excuse })
  for (let i = 0; i < 5; i++) await sees(timeout)
  equal(parts.bad, 0)
  excuse = false
  for (let i = 0; i < 2; i++) await sees(timeout)
  equal(parts.bad, 1)
})

test('a probe that is answered opens the way again; one that ends otherwise gives its place back', async t => {
  const { clock, call, sees, last, parts } = aPolicy(t)
  for (let i = 0; i < 2; i++) await sees(timeout)
  await clock.advance(1_300)
  const first = call(7)
  await rejects(call(7), { code: 'partition-stuck' })
  last().fail(new Problem('broker-unavailable', 'x'))
  await rejects(first, { code: 'broker-unavailable' })
  const second = call(7)
  last().reply(anAnswer)
  await second
  equal(parts.bad, 0)
})

test('where calls outlive their clients, silence is judged when the clients leave, once', async t => {
  const { clock, call, parts, last } = aPolicy(t, { silenceMs: 500 })
  const ask = async (more: Partial<Call> = {}): Promise<void> => {
    const asked = call(7, { progress: { ...unsent(), outcome: 'sent', ...more.progress } })
    const seventh = last()
    await clock.advance(100)
    const answered = call(0)
    last().reply(anAnswer)
    await answered
    await clock.advance(420)
    seventh.fail(timeout)
    await rejects(asked)
  }
  await ask()
  equal(parts.bad, 0, 'one silence, told twice')
  await ask()
  equal(parts.bad, 1)
  equal(alarms(), 0)
})

test('what is not sent by then is not silent yet', async t => {
  const { clock, call, parts } = aPolicy(t, { silenceMs: 500 })
  void call(7)
  void call(7)
  await clock.advance(600)
  equal(parts.bad, 0)
})

test('of a call that was sent again elsewhere nothing is known of any partition', async t => {
  const { sees, parts, call, last } = aPolicy(t)
  const again = { key: null, progress: { ...unsent(), sendings: 2 } }
  for (let i = 0; i < 5; i++) await sees(timeout, again)
  equal(parts.bad, 0)
  await sees(timeout)
  const answered = call(7, again)
  last().reply(anAnswer)
  await answered
  await sees(timeout)
  equal(parts.bad, 1)
})
