import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { Reply } from '../../../src/call.ts'
import type { Problem } from '../../../src/problem.ts'
import { Lease } from '../../../src/resilience/quota/lease.ts'
import { leased } from '../../../src/resilience/quota/total.ts'
import type { LeaseOptions } from '../../../src/resilience/quota/lease.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heard } from '../heard.ts'

const thousand: LeaseOptions = { policy: 'lease', name: 'orders', requests: 1_000, windowMs: 1_000 }
const spendAll = (lease: Lease): void => {
  for (let i = 0; i < 5_000; i++) lease.spend()
}

test('refuses with rate-limited when the total is spent, and says when it refills', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  using lease = new Lease(thousand)
  const service = leased<Reply>(lease, 'enforce')(async () => anAnswer)
  equal(await service(aCall()), anAnswer)
  spendAll(lease)
  for (let i = 0; i < 200; i++) await clock.advance(1)
  await rejects(service(aCall()), (problem: Problem) => {
    equal(problem.code, 'rate-limited')
    deepEqual([problem.policy, problem.limit, problem.observed], ['lease', 1_000, 1_001])
    deepEqual(problem.violated, ['orders'])
    ok(problem.retryAfterMs! >= 750 && problem.retryAfterMs! <= 1_250, `${problem.retryAfterMs}`)
    return true
  })
  equal(refused[0]?.policy, 'lease')
})

test('observed, it counts what it would refuse and lets through', async t => {
  frozenClock(t)
  const refused = heard(t, 'refused')
  using lease = new Lease({ ...thousand, requests: 10 })
  const service = leased<Reply>(lease, 'observe')(async () => anAnswer)
  for (let i = 0; i < 15; i++) equal(await service(aCall()), anAnswer)
  equal(refused.filter(({ observed }) => observed).length, 5)
})
