import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { alarms } from '../../../src/clock.ts'
import { Faults, faults } from '../../../src/resilience/faults/faults.ts'
import { CallFaults } from '../../../src/resilience/faults/callfaults.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'

const slow = (maxActive = 100): Faults => {
  const rules = { slow: { kind: 'delay', percent: 100, delayMs: 10 } }
  return new Faults(Config.parse({ routes: {}, faults: { mode: 'enforce', maxActive, rules } }).faults, [], ['orders'])
}

test('only what its faults are about strikes a call, and it takes one place however often', t => {
  frozenClock(t)
  using all = slow(1)
  const fault = { rule: 'slow', kind: 'delay', percent: 100, value: 10 } as const
  const strikes = new CallFaults(all, aCall(), [fault])
  equal(strikes.strike('abort'), null)
  deepEqual([strikes.strike('delay'), strikes.strike('delay')], [fault, fault])
  equal(all.snapshot().active, 1)
  equal(new CallFaults(all, aCall(), [fault]).strike('delay'), null)
  strikes.end()
  equal(all.snapshot().active, 0)
})

test('what is held back is dropped with the call, and never more than sixteen', async t => {
  const clock = frozenClock(t)
  const all = slow()
  t.after(() => all[Symbol.dispose]())
  const { service, taken } = heldService()
  const ended = faults(all)(service)(aCall())
  const { struck } = taken[0]!.call
  const before = alarms()
  let done = 0
  for (let i = 0; i < 100; i++) struck!.hold(10 + (i % 2) * 1_000, () => done++)
  equal(alarms() - before, 16)
  await clock.advance(10)
  equal(done, 8)
  taken[0]!.reply(anAnswer)
  await ended
  await clock.advance(2_000)
  equal(done, 8)
})
