import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import fc from 'fast-check'
import type { Reply } from '../../src/call.ts'
import { alarms } from '../../src/clock.ts'
import { Problem } from '../../src/problem.ts'
import { Buckets, quota } from '../../src/resilience/quota.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { heard } from './heard.ts'

const ten = { mode: 'enforce', requests: 10, windowMs: 1_000, shared: false } as const
const instant = async (): Promise<Reply> => anAnswer
const take = (buckets: Buckets, client: string): number => buckets.take(buckets.of(client))

test('lets through what the quota holds, refuses the next, and tells exactly when there is room', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const service = quota<Reply>(ten)(instant)
  for (let i = 0; i < 10; i++) equal(await service(aCall()), anAnswer)
  await clock.advance(30)
  const problem = await service(aCall()).catch((error: unknown) => error)
  ok(problem instanceof Problem)
  equal(problem.code, 'rate-limited')
  equal(problem.outcome, 'not-sent')
  equal(problem.policy, 'quota')
  equal(problem.retryAfterMs, 70)
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
  const service = quota<Reply>(ten)(instant)
  for (let i = 0; i < 10; i++) await service(aCall({ client: '10.0.0.1' }))
  await rejects(service(aCall({ client: '10.0.0.1' })), { code: 'rate-limited' })
  equal(await service(aCall({ client: '10.0.0.2' })), anAnswer)
})

test('tells the call what is left and when the quota is whole again', async t => {
  const clock = frozenClock(t)
  const service = quota<Reply>(ten)(instant)
  const last = async () => {
    const call = aCall()
    await service(call).catch(() => {})
    return call.progress.quota
  }
  deepEqual(await last(), { requests: 10, windowMs: 1_000, remaining: 9, resetMs: 100 })
  for (let i = 0; i < 8; i++) await last()
  deepEqual(await last(), { requests: 10, windowMs: 1_000, remaining: 0, resetMs: 1_000 })
  deepEqual(await last(), { requests: 10, windowMs: 1_000, remaining: 0, resetMs: 1_000 })
  await clock.advance(250)
  deepEqual(await last(), { requests: 10, windowMs: 1_000, remaining: 1, resetMs: 850 })
})

test('observed, it counts what it would refuse, lets it through and tells the client nothing', async t => {
  frozenClock(t)
  const refused = heard(t, 'refused')
  const service = quota<Reply>({ ...ten, mode: 'observe' })(instant)
  const call = aCall()
  for (let i = 0; i < 15; i++) equal(await service(call), anAnswer)
  equal(refused.filter(({ observed }) => observed).length, 5)
  equal(call.progress.quota, null)
})

test('forgets a client when its bucket is full again, and not sooner', async t => {
  const clock = frozenClock(t)
  const buckets = new Buckets({ requests: 10, windowMs: 60_000 })
  for (let i = 0; i < 10; i++) take(buckets, 'busy')
  for (let i = 0; i < 1_000; i++) take(buckets, `client ${i}`)
  equal(buckets.size, 1_001)
  await clock.advance(59_999)
  take(buckets, 'another')
  equal(buckets.size, 1_002)
  for (let i = 0; i < 10; i++) take(buckets, 'late') // in the youngest generation just before it turns
  await clock.advance(1)
  take(buckets, 'another')
  ok(take(buckets, 'late') > 0)
  await clock.advance(60_000)
  take(buckets, 'another')
  ok(buckets.size < 10)
})

test('a client is not forgotten, and forgiven, while its bucket is not full', async t => {
  const clock = frozenClock(t)
  const buckets = new Buckets({ requests: 10, windowMs: 60_000 })
  for (let i = 0; i < 10; i++) take(buckets, 'busy')
  for (const ms of [30_000, 29_999]) {
    await clock.advance(ms)
    take(buckets, 'another')
  }
  let count = 0
  while (take(buckets, 'busy') === 0) count++
  equal(count, 9)
})

test('remembers no more clients than it may, and at least the last half of them', t => {
  frozenClock(t)
  for (let count = 1_000; count < 3_000; count += 37) {
    const buckets = new Buckets({ requests: 1, windowMs: 60_000, clients: 1_000 })
    for (let i = 0; i < count; i++) {
      equal(take(buckets, `client ${i}`), 0)
      ok(buckets.size <= 1_000)
    }
    ok(take(buckets, `client ${count - 500}`) > 0)
  }
})

test('any course of calls is served as the simplest bucket would', async t => {
  const clock = frozenClock(t)
  const size = fc.record({ requests: fc.integer({ min: 1, max: 20 }), windowMs: fc.integer({ min: 100, max: 5_000 }) })
  const step = fc.record({
    client: fc.constantFrom('a', 'b', 'c'),
    waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900 })),
  })
  await fc.assert(
    fc.asyncProperty(size, fc.array(step, { maxLength: 100 }), async ({ requests, windowMs }, steps) => {
      const buckets = new Buckets({ requests, windowMs, clients: 8 })
      // tokens × windowMs, in whole numbers: no rounding
      const model = new Map<string, { left: bigint; at: bigint }>()
      const full = BigInt(requests) * BigInt(windowMs)
      const one = BigInt(windowMs)
      let at = 0n
      for (const { client, waitMs } of steps) {
        at += BigInt(waitMs)
        if (waitMs > 0) await clock.advance(waitMs)
        const { left, at: then } = model.get(client) ?? { left: full, at }
        const filled = left + (at - then) * BigInt(requests)
        const now = filled > full ? full : filled
        const wait = now >= one ? 0n : (one - now + BigInt(requests) - 1n) / BigInt(requests)
        model.set(client, { left: wait === 0n ? now - one : now, at })
        const bucket = buckets.of(client)
        equal(BigInt(buckets.take(bucket)), wait)
        equal(BigInt(buckets.state(bucket).remaining), model.get(client)!.left / one)
      }
    }),
    { numRuns: 100 },
  )
})

test('10,000 clients cost less than 20 MB', async t => {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  const before = process.memoryUsage().heapUsed
  const buckets = new Buckets({ requests: 100, windowMs: 60_000 })
  for (let i = 0; i < 10_000; i++) take(buckets, `2001:db8::${i.toString(16)}`)
  gc()
  const bytes = process.memoryUsage().heapUsed - before
  equal(buckets.size, 10_000)
  ok(bytes < 20_000_000, `${bytes} bytes`)
  t.diagnostic(`${Math.round(bytes / 10_000)} bytes a client`)
})
