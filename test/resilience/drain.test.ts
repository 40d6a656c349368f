import { test } from 'node:test'
import { equal, rejects } from 'node:assert/strict'
import type { Reply } from '../../src/call.ts'
import { Problem } from '../../src/problem.ts'
import { Drain, drain } from '../../src/resilience/drain.ts'
import { aCall, anAnswer } from '../help/call.ts'
import { frozenClock } from '../help/clock.ts'
import { heldService } from '../help/service.ts'
import { heard } from './heard.ts'

test('refuses what is new once it has begun, and lets what is inside end', async t => {
  const clock = frozenClock(t)
  const { service, taken } = heldService()
  const door = new Drain('enforce')
  const guarded = drain<Reply>(door)(service)
  const inside = [guarded(aCall()), guarded(aCall())]
  equal(door.inside, 2)
  door.begin()
  equal(door.draining, true)
  await rejects(guarded(aCall()), { code: 'draining', policy: 'drain' })
  let idle = 0
  void door.idle().then(() => idle++)
  void door.idle().then(() => idle++)
  taken[0]!.reply(anAnswer)
  equal(await inside[0], anAnswer)
  await clock.advance(1)
  equal(idle, 0)
  const failed = rejects(inside[1]!, { code: 'reply-timeout' })
  taken[1]!.fail(new Problem('reply-timeout', 'silent'))
  await failed
  await clock.advance(1)
  equal(idle, 2)
  equal(door.inside, 0)
})

test('is idle at once when nothing is inside, and again after having been busy', async () => {
  const door = new Drain('enforce')
  await door.idle()
  await drain<Reply>(door)(async () => anAnswer)(aCall())
  await door.idle()
})

test('observed, it counts what it would refuse, and what is inside', async t => {
  const refused = heard(t, 'refused')
  const door = new Drain('observe')
  door.begin()
  equal(await drain<Reply>(door)(async () => anAnswer)(aCall()), anAnswer)
  equal(refused[0]?.observed, true)
  equal(door.inside, 0)
})
