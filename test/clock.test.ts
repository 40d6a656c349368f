import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Timed, after, alarms, later, now, onTheWire, pause, precisely, watchLoop, within } from '../src/clock.ts'
import { busyFor } from './help/busy.ts'
import { frozenClock } from './help/clock.ts'

test('an alarm rings once, at its time and not before', async t => {
  const clock = frozenClock(t)
  let rung = 0
  after(5_000, () => rung++)
  await clock.advance(4_999)
  equal(rung, 0)
  await clock.advance(1)
  equal(rung, 1)
  await clock.advance(60_000)
  equal(rung, 1)
})

test('an alarm beyond a turn of the wheel rings at its time', async t => {
  const clock = frozenClock(t)
  let rung = 0
  after(100_000, () => rung++)
  for (let i = 0; i < 99; i++) await clock.advance(1_000)
  await clock.advance(999)
  equal(rung, 0)
  await clock.advance(1)
  equal(rung, 1)
})

test('what is called off never rings and leaves nothing behind', async t => {
  const clock = frozenClock(t)
  const before = alarms()
  const all = Array.from({ length: 1_000 }, (_, i) =>
    after(i, () => {
      throw new Error('rang')
    }),
  )
  for (const alarm of all) alarm.cancel()
  all[0]!.cancel()
  equal(alarms(), before)
  await clock.advance(2_000)
})

test('an alarm may call off its neighbours and set new ones while ringing', async t => {
  const clock = frozenClock(t)
  const rang: string[] = []
  const first = after(10, () => {
    rang.push('first')
    second.cancel()
    after(10, () => rang.push('third'))
  })
  const second = after(10, () => rang.push('second'))
  await clock.advance(10)
  await clock.advance(20)
  deepEqual(rang, ['first', 'third'])
  first.cancel()
})

test('what is timed rings once for the latest time that it was set to, and may set itself again', async t => {
  const clock = frozenClock(t)
  let rung = 0
  class Twice extends Timed {
    override ring(): void {
      if (++rung === 1) this.set(30)
    }
  }
  const timed = new Twice()
  timed.set(10)
  timed.set(50)
  equal(alarms(), 1)
  await clock.advance(49)
  equal(rung, 0)
  await clock.advance(1)
  equal(rung, 1)
  await clock.advance(40)
  equal(rung, 2)
  equal(alarms(), 0)
})

test('any set of alarms rings in full, none early and none later than the gathering time', async t => {
  const clock = frozenClock(t)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 60 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 40 }),
      async (delays, steps) => {
        const start = now()
        const late: number[] = []
        const set = delays.map(delay => after(delay, () => late.push(now() - start - delay)))
        let at = 0
        for (const step of steps) {
          const before = late.length
          await clock.advance(step)
          at += step
          for (const lateness of late.slice(before))
            if (lateness < 0 || lateness > step + 4) throw new Error(`late by ${lateness}`)
        }
        if (late.length < delays.filter(delay => delay <= at - 5).length) throw new Error('some never rang')
        for (const alarm of set) alarm.cancel()
        equal(alarms(), 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('work is waited for until it ends, well or not, or its time is up, and nothing rings afterwards', async t => {
  const clock = frozenClock(t)
  const alarmsBefore = alarms()
  await within(100, Promise.resolve())
  await within(100, Promise.reject(new Error('it failed')))
  equal(alarms(), alarmsBefore)
  let waited = false
  void within(100, new Promise(() => {})).then(() => (waited = true))
  await clock.advance(99)
  equal(waited, false)
  await clock.advance(17) // alarms ring in slots
  equal(waited, true)
  equal(alarms(), alarmsBefore)
})

test('a pause ends with its time or its signal and releases both', async t => {
  const clock = frozenClock(t)
  let ended = 0
  const abort = new AbortController()
  void pause(100, abort.signal).then(() => ended++)
  void pause(100).then(() => ended++)
  await clock.advance(50)
  abort.abort()
  await clock.advance(0)
  equal(ended, 1)
  await clock.advance(50)
  equal(ended, 2)
  equal(alarms(), 0)
})

test('a loop that is kept busy is late by as much as it is kept', async () => {
  using loop = watchLoop(10_000) // nobody is late to read it
  loop.read()
  busyFor(60) // so that it looks closely from now on
  equal(loop.read(), 0)
  for (let i = 0; i < 6; i++) {
    busyFor(60)
    await turn()
  }
  const lateMs = loop.read()
  ok(lateMs >= 40, `${lateMs} ms`)
})

test('a loop that is so late that it is read at every turn is seen all the same', async () => {
  using loop = watchLoop(20)
  loop.read()
  for (let i = 0; i < 4; i++) {
    busyFor(80)
    const lateMs = loop.read()
    ok(lateMs >= 60, `${lateMs} ms`)
    await turn()
  }
})

test('what has expired here has expired on the wire: rounding up, one command too many would look alive', t => {
  t.mock.method(performance, 'now', () => 1_000.25)
  t.mock.method(Date, 'now', () => 5_000_000)
  equal(onTheWire(later(10.5)), 5_000_010)
  equal(onTheWire(later(10.99)), 5_000_010)
  equal(onTheWire(later(11)), 5_000_011)
})

test('less than a millisecond is waited for, not less, and the loop turns meanwhile', async () => {
  let turns = 0
  let going = true
  const again = (): void => {
    turns++
    if (going) setImmediate(again)
  }
  again()
  for (let i = 0; i < 10; i++) {
    const begun = performance.now()
    await new Promise<void>(resolve => precisely(0.7, resolve))
    ok(performance.now() - begun >= 0.7)
  }
  going = false
  ok(turns >= 20, `${turns} turns`)
})
