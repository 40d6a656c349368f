import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { QuotaPolicy, Reply } from '../../../src/call.ts'
import { alarms } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { Buckets } from '../../../src/resilience/quota/buckets.ts'
import { quota } from '../../../src/resilience/quota/quota.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

const ten: QuotaPolicy = { name: 'default', unit: 'requests', limit: 10, windowMs: 1_000 }
const kilobyte: QuotaPolicy = { name: 'default-bytes', unit: 'content-bytes', limit: 1_000, windowMs: 10_000 }
const instant = async (): Promise<Reply> => anAnswer

test('lets through what the quota holds, refuses the next, and tells exactly when there is room', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const service = quota<Reply, unknown>(new Buckets([ten]), 'enforce')(instant)
  for (let i = 0; i < 10; i++) equal(await service(aCall()), anAnswer)
  await clock.advance(30)
  const problem = await service(aCall()).catch((error: unknown) => error)
  ok(problem instanceof Problem)
  equal(problem.code, 'rate-limited')
  equal(problem.outcome, 'not-sent')
  equal(problem.policy, 'quota')
  equal(problem.retryAfterMs, 70)
  deepEqual([problem.limit, problem.observed], [10, 11])
  deepEqual(problem.violated, ['default'])
  equal(refused.length, 1)
  await clock.advance(69)
  await rejects(service(aCall()), { retryAfterMs: 1 })
  await clock.advance(1)
  equal(await service(aCall()), anAnswer)
  equal(alarms(), 0)
})

test('counts each client by itself', async t => {
  frozenClock(t)
  const service = quota<Reply, unknown>(new Buckets([ten]), 'enforce')(instant)
  for (let i = 0; i < 10; i++) await service(aCall({ client: '10.0.0.1' }))
  await rejects(service(aCall({ client: '10.0.0.1' })), { code: 'rate-limited' })
  equal(await service(aCall({ client: '10.0.0.2' })), anAnswer)
})

test('tells the call what is left and when the quota is whole again', async t => {
  const clock = frozenClock(t)
  const service = quota<Reply, unknown>(new Buckets([ten]), 'enforce')(instant)
  const last = async () => {
    const call = aCall()
    await service(call).catch(() => {})
    return call.progress.quota
  }
  deepEqual(await last(), [{ policy: ten, remaining: 9, resetMs: 100 }])
  for (let i = 0; i < 8; i++) await last()
  deepEqual(await last(), [{ policy: ten, remaining: 0, resetMs: 1_000 }])
  deepEqual(await last(), [{ policy: ten, remaining: 0, resetMs: 1_000 }])
  await clock.advance(250)
  deepEqual(await last(), [{ policy: ten, remaining: 1, resetMs: 850 }])
})

test('of requests and bytes each is counted, and the refusal names what is used up', async t => {
  const clock = frozenClock(t)
  const service = quota<Reply, unknown>(new Buckets([ten, kilobyte]), 'enforce')(instant)
  const call = aCall({ body: new Uint8Array(600) })
  equal(await service(call), anAnswer)
  deepEqual(
    call.progress.quota?.map(({ remaining }) => remaining),
    [9, 400],
  )
  await rejects(service(aCall({ body: new Uint8Array(600) })), {
    violated: ['default-bytes'],
    limit: 1_000,
    observed: 1_200,
    retryAfterMs: 2_000,
    message: 'At most 1000 bytes in 10000 ms.',
  })
  for (let i = 0; i < 9; i++) equal(await service(aCall()), anAnswer)
  await rejects(service(aCall()), { violated: ['default'], limit: 10, observed: 11, retryAfterMs: 100 })
  await rejects(service(aCall({ body: new Uint8Array(600) })), {
    violated: ['default-bytes', 'default'], // the longest wait first
    retryAfterMs: 2_000,
  })
  await clock.advance(2_000)
  equal(await service(aCall({ body: new Uint8Array(600) })), anAnswer)
})

test('observed, it counts what it would refuse, lets it through and tells the client nothing', async t => {
  frozenClock(t)
  const refused = heard(t, 'refused')
  const service = quota<Reply, unknown>(new Buckets([ten]), 'observe')(instant)
  const call = aCall()
  for (let i = 0; i < 15; i++) equal(await service(call), anAnswer)
  equal(refused.filter(({ observed }) => observed).length, 5)
  equal(call.progress.quota, null)
})
