import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { GradientLimit } from '../../../src/resilience/bulkhead/gradient.ts'
import type { GradientOptions } from '../../../src/resilience/bulkhead/gradient.ts'
import { frozenClock } from '../../help/clock.ts'

type Clock = ReturnType<typeof frozenClock>
const never = (): boolean => false
const options: GradientOptions = { min: 8, max: 512, slackMs: 50 }

/** Calls that begin, with so many in flight, until they are enough for a window. */
function calls(limiter: GradientLimit, inFlight: number): (number | null)[] {
  const phases: (number | null)[] = []
  for (let phase = limiter.begin(inFlight); phase !== null; phase = limiter.begin(inFlight)) phases.push(phase)
  return phases
}

/** A limiter that has seen a worker answer in 10 ms; `window` is one full window of such replies. */
async function aLimiter(clock: Clock, over: Partial<GradientOptions> = {}) {
  const limiter = new GradientLimit({ ...options, ...over })
  const window = async (ms: number, inFlight = limiter.limit, timeouts = 0): Promise<number> => {
    await clock.advance(100)
    let members = calls(limiter, inFlight)
    if (members.length === 0) {
      await clock.advance(limiter.sampleMs)
      members = calls(limiter, inFlight)
    }
    members.forEach((phase, i) => {
      if (i % 10 < timeouts) limiter.timeout(ms, inFlight, never)
      else limiter.reply(ms, phase, inFlight, never)
    })
    return limiter.steady
  }
  await window(10)
  return { limiter, window }
}

test('begins with all slots, and nothing is known of the worker', t => {
  frozenClock(t)
  const limiter = new GradientLimit(options)
  deepEqual([limiter.limit, limiter.floorMs, limiter.sampleMs], [512, null, 0])
})

test('whatever takes no longer than the floor and the slack is never taken for overload', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 50; i++) equal(await window(60, 256), 512)
  equal(limiter.floorMs, 10)
})

test('falls to no less than half a window, and never below the minimum', async t => {
  const clock = frozenClock(t)
  const { window } = await aLimiter(clock)
  let before = 512
  for (let i = 0; i < 8; i++) {
    const limit = await window(10_000)
    ok(limit >= before / 2 && limit >= 8, `${before} → ${limit}`)
    before = limit
  }
  equal(before, 8)
})

test('grows to no more than twice in a window while replies are quick, and never above the slots', async t => {
  const clock = frozenClock(t)
  const { window } = await aLimiter(clock)
  while ((await window(10_000)) > 8);
  const limits: number[] = []
  for (let i = 0; i < 8; i++) limits.push(await window(10))
  deepEqual(limits, [16, 32, 64, 128, 256, 512, 512, 512])
})

test('does not grow while less than half of it is used', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  while ((await window(10_000)) > 64);
  const { judged } = limiter
  await window(10, 10)
  equal(limiter.judged, judged)
  await window(10, judged / 2 - 1)
  equal(limiter.judged, judged)
  await window(10, judged / 2)
  equal(limiter.judged, 2 * judged)
})

test('does not fall for long replies while less than half of it is used, but for timeouts', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 20; i++) await window(1_000, 12)
  equal(limiter.judged, 512)
  equal(await window(1_000, limiter.limit / 2 - 1, 5), limiter.limit)
  ok(limiter.judged < 512)
  const { judged } = limiter
  await window(1_000, Math.ceil(limiter.limit / 2))
  ok(limiter.judged < judged)
})

test('does not move without calls, nor before nearly all of a window have ended', async t => {
  const clock = frozenClock(t)
  const { limiter } = await aLimiter(clock)
  equal(limiter.begin(512), null)
  await clock.advance(30_000)
  equal(limiter.steady, 512)
  const phases = calls(limiter, 512)
  equal(phases.length, 128)
  for (const phase of phases.slice(0, 102)) limiter.reply(5_000, phase, 512, never)
  equal(limiter.steady, 512)
  limiter.reply(5_000, phases[102]!, 512, never)
  equal(limiter.steady, 256)
  equal(limiter.begin(256), null)
  for (const phase of phases) limiter.reply(5_000, phase, 256, never)
  equal(limiter.steady, 256)
})

test('samples that took more than a minute to gather say nothing of today', async t => {
  const clock = frozenClock(t)
  const { limiter } = await aLimiter(clock)
  await clock.advance(100)
  const phases = calls(limiter, 10)
  await clock.advance(60_001)
  for (const phase of phases) limiter.reply(5_000, phase, 10, never)
  deepEqual([limiter.steady, limiter.sampleMs], [512, 10])
})

test('a change is judged by the calls that began after it', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  await clock.advance(100)
  const before = limiter.begin(512)
  for (const phase of calls(limiter, 512)) limiter.reply(5_000, phase, 512, never)
  equal(limiter.steady, 256)
  await clock.advance(1_000)
  for (let i = 0; i < 500; i++) limiter.reply(5_000, before, 256, never)
  equal(limiter.steady, 256)
  equal(await window(5_000), 128)
})

test('a window in which we may not have heard the worker counts for nothing', async t => {
  const clock = frozenClock(t)
  const { limiter } = await aLimiter(clock)
  const begun = performance.now()
  const asked: number[] = []
  await clock.advance(100)
  for (const phase of calls(limiter, 10)) limiter.reply(5_000, phase, 10, since => asked.push(since) > 0)
  deepEqual(asked, [begun])
  deepEqual([limiter.steady, limiter.sampleMs, limiter.floorMs], [512, 10, 10])
})

test('what was quick although it may be our own fault counts: nothing makes a worker look better than it is', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  while ((await window(10_000)) > 8);
  const always = (): boolean => true
  const limits: number[] = []
  for (const ms of [59, 61, 10, 10]) {
    await clock.advance(100)
    for (const phase of calls(limiter, limiter.limit)) limiter.reply(ms, phase, limiter.limit, always)
    limits.push(limiter.steady)
  }
  deepEqual(limits, [9, 9, 18, 36])
})

test('what is excused teaches the floor: a storm soon after a rebalance is not taken for the usual', async t => {
  const clock = frozenClock(t)
  const limiter = new GradientLimit(options)
  const window = async (ms: number, inFlight: number, excused: () => boolean): Promise<void> => {
    await clock.advance(100)
    for (const phase of calls(limiter, inFlight)) limiter.reply(ms, phase, inFlight, excused)
  }
  await window(30, 20, () => true)
  deepEqual([limiter.limit, limiter.floorMs], [512, 30])
  await window(1_000, 512, () => true)
  deepEqual([limiter.limit, limiter.floorMs], [512, 30])
  await window(1_000, 512, never)
  deepEqual([limiter.limit, limiter.floorMs], [256, 30])
})

test('timeouts stop the growth and take half of their share away, once a window', async t => {
  const clock = frozenClock(t)
  const { window } = await aLimiter(clock)
  while ((await window(10_000)) > 100);
  const limit = await window(60, 100)
  equal(await window(10, 100, 4), Math.floor((limit + Math.sqrt(limit)) * 0.8))
})

test('a worker that lets all time out is at the minimum after a few windows, and back after a few good ones', async t => {
  const clock = frozenClock(t)
  t.mock.method(Math, 'random', () => 1) // no probe before 3.6 s: it is not of this story
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 20; i++) await window(5_000, limiter.limit, 10)
  deepEqual([limiter.steady, limiter.floorMs], [8, 10]) // a silence is no floor
  for (let i = 0; i < 7; i++) await window(10)
  equal(limiter.steady, 512)
})

test('one partition of twelve that is lost costs the others little', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 200; i++) await window(10, limiter.limit, i % 12 < 10 ? 1 : 0) // 10 of 120
  ok(limiter.steady > 256, `${limiter.steady}`)
})

test('a worker that has become slower for good is given its slots back: at the minimum nothing queues', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 8; i++) await window(300)
  deepEqual([limiter.steady, limiter.floorMs], [8, 10])
  await window(300)
  equal(limiter.floorMs, 300)
  for (let i = 0; i < 30; i++) await window(300)
  equal(limiter.steady, 512)
})

test('where the limit is reached for long, it falls to the minimum until the floor is seen', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; limiter.limit !== 8; i++) {
    ok(i < 100, 'a probe begins')
    await window(61)
  }
  const { steady } = limiter
  ok(steady > 200, 'only for the probe')
  const phases = calls(limiter, 8)
  // what began before is of no use
  for (let i = 0; i < 50; i++) limiter.reply(61, phases[0]! - 1, 200, never)
  equal(limiter.limit, 8)
  for (const phase of phases) limiter.reply(4, phase, 8, never)
  deepEqual([limiter.floorMs, limiter.limit], [4, steady])
  // not again for a while
  for (let i = 0; i < 200; i++) {
    await window(54)
    equal(limiter.limit, limiter.steady)
  }
})

test('there is no probe while the limit is not reached', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  for (let i = 0; i < 1_000; i++) {
    await window(40, 500)
    equal(limiter.limit, 512)
  }
})

test('a probe that nobody answers ends when somebody waits for it', async t => {
  const clock = frozenClock(t)
  const { limiter, window } = await aLimiter(clock)
  while (limiter.limit !== 8) await window(60)
  limiter.hurry()
  equal(limiter.limit, 8)
  await clock.advance(3 * 60 + 101)
  limiter.hurry()
  deepEqual([limiter.limit, limiter.floorMs], [512, 10])
})

/** Calls of these routes, as many in flight as ever, for a while: what the limit was at least. */
async function mixed(
  clock: Clock,
  limiter: GradientLimit,
  forMs: number,
  work: readonly [string, number][],
): Promise<number> {
  const inFlight = 45
  let lowest = Infinity
  let n = 0
  for (let ms = 0; ms < forMs; ms += 100) {
    await clock.advance(100)
    for (let phase = limiter.begin(inFlight); phase !== null; phase = limiter.begin(inFlight)) {
      const [route, workerMs] = work[n++ % work.length]!
      limiter.reply(workerMs, phase, inFlight, never, route)
    }
    lowest = Math.min(lowest, limiter.limit)
  }
  return lowest
}

test('a slower kind of work is no queue in the topic: the limit does not fall for it', async t => {
  const clock = frozenClock(t)
  const limiter = new GradientLimit(options)
  await mixed(clock, limiter, 60_000, [['a', 5]])
  ok((await mixed(clock, limiter, 60_000, [['b', 600]])) >= 45)
  equal(limiter.floorMs, 600)
  equal(limiter.slowestMs, 600)
  ok((await mixed(clock, limiter, 60_000, [['a', 5]])) >= 45)
  ok((await mixed(clock, limiter, 60_000, [['b', 600], ['a', 5], ['b', 610]])) >= 45) // prettier-ignore
})

test('a queue in the topic brings it down whatever the mix is', async t => {
  const clock = frozenClock(t)
  const limiter = new GradientLimit(options)
  await mixed(clock, limiter, 10_000, [['a', 5], ['b', 600]]) // prettier-ignore
  ok((await mixed(clock, limiter, 10_000, [['b', 1_400], ['a', 805]])) < 45) // prettier-ignore
})

test('a route that is seldom asked has no floor before a few of its calls were seen', async t => {
  const clock = frozenClock(t)
  const limiter = new GradientLimit(options)
  const work = Array.from({ length: 40 }, (_, i): [string, number] => [i === 0 ? 'seldom' : 'often', i === 0 ? 300 : 5])
  ok((await mixed(clock, limiter, 30_000, work)) >= 45)
})

type Model = { limit: number; min: number; max: number; used: number } // most in flight since a window has ended
type Real = { limiter: GradientLimit; advance: Clock['advance'] }

class Window implements fc.AsyncCommand<Model, Real> {
  readonly times: readonly number[]
  readonly lost: number
  readonly used: number
  constructor(times: readonly number[], lost: number, used: number) {
    this.times = times
    this.lost = lost
    this.used = used
  }
  check(): boolean {
    return true
  }
  async run(model: Model, { limiter, advance }: Real): Promise<void> {
    await advance(100)
    const wasProbing = limiter.limit !== limiter.steady
    const floorMs = Math.min(limiter.floorMs ?? Infinity, ...this.times)
    const inFlight = Math.round(this.used * limiter.limit)
    const members = calls(limiter, inFlight)
    model.used = Math.max(model.used, inFlight)
    const ended = members.some((phase, i) => {
      const ms = this.times[i % 10]!
      if (i % 10 < this.lost) return limiter.timeout(ms, inFlight, never)
      return limiter.reply(ms, phase, inFlight, never)
    })
    const { steady } = limiter
    const told = `${model.limit} → ${steady}`
    ok(steady >= model.min && steady <= model.max, told)
    ok(steady >= model.limit / 2 && steady <= 2 * model.limit, told)
    if (wasProbing || members.length === 0) equal(steady, model.limit)
    else if (this.lost === 0) {
      const slowest = Math.max(...this.times)
      if (slowest <= floorMs + 50) ok(steady >= Math.min(model.limit, 2 * inFlight), `${told}: nothing was slow`)
      if (2 * model.used < model.limit) ok(steady <= model.limit, `${told}: little was used`)
    }
    ok(limiter.limit === steady || limiter.limit === model.min)
    model.limit = steady
    if (ended) model.used = 0
  }
  toString(): string {
    return `window(${this.times.join()}; lost ${this.lost}, used ${this.used})`
  }
}

class Pass implements fc.AsyncCommand<Model, Real> {
  readonly ms: number
  constructor(ms: number) {
    this.ms = ms
  }
  check(): boolean {
    return true
  }
  async run(model: Model, { limiter, advance }: Real): Promise<void> {
    await advance(this.ms)
    limiter.hurry()
    equal(limiter.steady, model.limit)
  }
  toString(): string {
    return `pass(${this.ms})`
  }
}

test('in any course of replies and timeouts the limit keeps its bounds, and moves only as far as it may', async t => {
  const clock = frozenClock(t)
  const time = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 5_000 }))
  const used = fc.double({ min: 0.1, max: 1, noNaN: true })
  const commands = fc.commands(
    [
      fc
        .tuple(fc.array(time, { minLength: 10, maxLength: 10 }), fc.oneof(fc.constant(0), fc.nat(10)), used)
        .map(([times, lost, used]) => new Window(times, lost, used)),
      fc.integer({ min: 1, max: 60_000 }).map(ms => new Pass(ms)),
    ],
    { maxCommands: 40 },
  )
  const shape = fc.record({ min: fc.integer({ min: 1, max: 20 }), more: fc.nat(500) })
  await fc.assert(
    fc.asyncProperty(shape, commands, async ({ min, more }, commands) => {
      const max = min + more
      const setup = () => ({
        model: { limit: max, min, max, used: 0 },
        real: { limiter: new GradientLimit({ min, max, slackMs: 50 }), advance: clock.advance },
      })
      await fc.asyncModelRun(setup, commands)
    }),
    { numRuns: 100 },
  )
})
