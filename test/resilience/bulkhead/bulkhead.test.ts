import { afterEach, beforeEach, mock, test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import fc from 'fast-check'
import type { BulkheadOptions } from '../../../config/schema/index.ts'
import type { Call, Reply } from '../../../src/call.ts'
import { alarms, later } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { Bulkhead, bulkhead } from '../../../src/resilience/bulkhead/bulkhead.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'
import { heard } from '../heard.ts'
import { slotsOf } from '../options.ts'

// clients are always of the same cohorts: by chance two would share theirs, and count for each other
beforeEach(() => void mock.method(Math, 'random', () => 0.5))
afterEach(() => mock.restoreAll())

const options: BulkheadOptions = slotsOf({ slots: 2, queue: 2 })
const guard = (over: Partial<BulkheadOptions> = {}) => {
  const { service, taken } = heldService()
  const slots = new Bulkhead('orders', { ...options, ...over })
  return { slots, taken, guarded: bulkhead<Reply>(slots)(service) }
}
const patient = (over: Partial<Call> = {}): Call => aCall({ deadline: later(60_000), ...over })

test('takes as many as there are slots, queues as many as there are places, and refuses the next at once', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const { slots, taken, guarded } = guard()
  const all = Array.from({ length: 4 }, () => guarded(patient()))
  await clock.advance(1)
  equal(taken.length, 2)
  deepEqual([slots.inFlight, slots.waiting], [2, 2])
  const error = await guarded(patient()).catch((error: unknown) => error as Problem)
  ok(error instanceof Problem)
  equal(error.code, 'bulkhead-full')
  equal(error.outcome, 'not-sent')
  equal(error.policy, 'bulkhead')
  equal(error.message, '2 commands in flight (at most 2), 2 waiting (at most 2).')
  ok(error.retryAfterMs! >= 1_000 && error.retryAfterMs! <= 2_000)
  equal(refused.length, 1)
  for (let i = 0; i < 4; i++) {
    taken[i]!.reply(anAnswer)
    equal(await all[i], anAnswer)
    await clock.advance(1)
  }
  deepEqual([slots.inFlight, slots.waiting], [0, 0])
  equal(alarms(), 0)
})

test('serves the queue in the order of arrival, whatever the route', async t => {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', { ...options, slots: 1, queue: 5 })
  const { service, taken } = heldService()
  const routes = [bulkhead<Reply>(slots)(service), bulkhead<Reply>(slots)(service)]
  const all = Array.from({ length: 6 }, (_, i) => routes[i % 2]!(patient({ client: `${i}` })))
  for (let i = 0; i < 6; i++) {
    await clock.advance(1)
    taken[i]!.reply(anAnswer)
  }
  await Promise.all(all)
  equal(taken.map(({ call }) => call.client).join(''), '012345')
})

test('waits no longer than it may, and no longer than a tenth of what the call has left', async t => {
  const clock = frozenClock(t)
  const { slots, guarded } = guard({ slots: 1 })
  void guarded(patient())
  const long = rejects(guarded(patient()), { code: 'bulkhead-full' })
  const short = rejects(guarded(patient({ deadline: later(500) })), { code: 'bulkhead-full' })
  await clock.advance(49)
  equal(slots.waiting, 2)
  await clock.advance(1)
  await short
  equal(slots.waiting, 1)
  await clock.advance(49)
  equal(slots.waiting, 1)
  await clock.advance(1)
  await long
  equal(slots.waiting, 0)
})

test('without a wait nobody queues', async t => {
  frozenClock(t)
  const { guarded } = guard({ slots: 1, maxWaitMs: 0 })
  void guarded(patient())
  await rejects(guarded(patient()), { code: 'bulkhead-full' })
})

test('a call whose signal aborts leaves the queue at once, from any place in it', async t => {
  const clock = frozenClock(t)
  const { slots, taken, guarded } = guard({ slots: 1, queue: 100 })
  const first = guarded(patient())
  const abort = new AbortController()
  const gone = new Problem('client-gone', 'left')
  const waiting = Array.from({ length: 10 }, (_, i) => guarded(patient(i === 5 ? { aborter: abort } : {})))
  const left = rejects(waiting[5]!, gone)
  abort.abort(gone)
  equal(slots.waiting, 9)
  await left
  await rejects(guarded(patient({ aborter: abort })), gone)
  taken[0]!.reply(anAnswer)
  await first
  for (let i = 1; i < 10; i++) {
    await clock.advance(1)
    taken[i]!.reply(anAnswer)
  }
  equal((await Promise.allSettled(waiting)).filter(({ status }) => status === 'fulfilled').length, 9)
  deepEqual([slots.inFlight, slots.waiting, alarms()], [0, 0, 0])
})

test('the slot is held until the service settles, though the client has left', async t => {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', { ...options, slots: 1, queue: 0 })
  const answer = Promise.withResolvers<Reply>()
  const abort = new AbortController()
  const guarded = bulkhead<Reply>(slots)(() => answer.promise)
  const first = guarded(patient({ aborter: abort }))
  abort.abort(new Problem('client-gone', 'left'))
  await clock.advance(1)
  equal(slots.inFlight, 1)
  await rejects(guarded(patient()), { code: 'bulkhead-full' })
  answer.resolve(anAnswer)
  await first
  equal(slots.inFlight, 0)
})

test('whoever waits releases its alarm and its listener, however the wait ends', async t => {
  const clock = frozenClock(t)
  const { taken, guarded } = guard({ slots: 1, queue: 3 })
  const first = guarded(patient())
  let listeners = 0
  const waiting = ['served', 'refused', 'gone'].map(() => {
    const abort = new AbortController()
    const add = abort.signal.addEventListener.bind(abort.signal)
    const remove = abort.signal.removeEventListener.bind(abort.signal)
    t.mock.method(abort.signal, 'addEventListener', (...args: Parameters<typeof add>) => (listeners++, add(...args)))
    t.mock.method(
      abort.signal,
      'removeEventListener',
      (...args: Parameters<typeof remove>) => (listeners--, remove(...args)),
    )
    return { abort, ended: guarded(patient({ aborter: abort })).catch((problem: Problem) => problem.code) }
  })
  equal(listeners, 3)
  taken[0]!.reply(anAnswer)
  await first
  waiting[2]!.abort.abort(new Problem('client-gone', 'left'))
  await clock.advance(100)
  taken[1]!.reply(anAnswer)
  deepEqual(await Promise.all(waiting.map(({ ended }) => ended)), [anAnswer, 'bulkhead-full', 'client-gone'])
  deepEqual([listeners, alarms()], [1, 0]) // the one that is left is of the service that served
})

test('tells how long the call has waited', async t => {
  const clock = frozenClock(t)
  const { taken, guarded } = guard({ slots: 1 })
  const waited = patient()
  const first = guarded(patient())
  void guarded(waited)
  await clock.advance(30)
  taken[0]!.reply(anAnswer)
  await first
  equal(waited.progress.queueMs, 30)
  equal(taken[0]!.call.progress.queueMs, 0)
})

test('nothing past its deadline is begun, though its alarm is late', async t => {
  frozenClock(t)
  const { slots, taken, guarded } = guard({ slots: 1 })
  const first = guarded(patient())
  const late = rejects(guarded(aCall({ deadline: later(50) })), { code: 'bulkhead-full' })
  const stalledUntil = later(60)
  t.mock.method(performance, 'now', () => stalledUntil) // the loop stood still: no timer has rung
  taken[0]!.reply(anAnswer)
  await first
  await late
  equal(taken.length, 1)
  deepEqual([slots.inFlight, slots.waiting, alarms()], [0, 0, 0])
})

test('tells each entering and leaving, so that the sums are what is inside', async t => {
  const clock = frozenClock(t)
  const moves = heard(t, 'occupied')
  const { slots, taken, guarded } = guard({ slots: 1, queue: 1 })
  const sum = (key: 'inFlight' | 'waiting'): number => moves.reduce((total, move) => total + move[key], 0)
  const all = [guarded(patient()), guarded(patient())]
  deepEqual([sum('inFlight'), sum('waiting')], [slots.inFlight, slots.waiting])
  taken[0]!.reply(anAnswer)
  await clock.advance(1)
  deepEqual([sum('inFlight'), sum('waiting')], [1, 0])
  taken[1]!.reply(anAnswer)
  await Promise.all(all)
  deepEqual([sum('inFlight'), sum('waiting')], [0, 0])
})

test('observed, it counts what it would refuse and lets everybody in', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const { slots, taken, guarded } = guard({ mode: 'observe' })
  const all = Array.from({ length: 7 }, () => guarded(patient()))
  await clock.advance(1)
  equal(taken.length, 7)
  deepEqual([slots.inFlight, slots.waiting], [7, 0])
  deepEqual(
    refused.map(({ observed }) => observed),
    [true, true, true], // beyond two slots and two places
  )
  for (const { reply } of taken) reply(anAnswer)
  await Promise.all(all)
  equal(slots.inFlight, 0)
})

/** A bulkhead whose limit adapts, and a full window of calls that the worker answered after `workerMs`. */
function anAdaptive(t: TestContext, over: Partial<BulkheadOptions> = {}, excused?: (since: number) => boolean) {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', slotsOf({ limit: 'adaptive', slots: 100, queue: 0, ...over }))
  const serve = async (workerMs: number, problem?: Problem, inFlight = slots.limit): Promise<number> => {
    const { service, taken } = heldService()
    await clock.advance(100)
    const all = Array.from({ length: inFlight }, () => bulkhead<Reply>(slots, excused)(service)(patient()))
    await clock.advance(workerMs)
    for (const { call, reply, fail } of taken) {
      if (problem === undefined) {
        call.progress.workerMs = workerMs
        reply(anAnswer)
      } else fail(problem)
    }
    await Promise.allSettled(all)
    return slots.limit
  }
  return { clock, slots, serve }
}

test('the limit follows the time from acknowledgement to reply, and every judgement of it is told', async t => {
  const limits = heard(t, 'limited')
  const { serve } = anAdaptive(t)
  equal(await serve(20), 100)
  equal(await serve(140), 50)
  equal(await serve(20), 100)
  deepEqual(
    limits.map(({ worker, limit, floorMs, sampleMs }) => [worker, limit, floorMs, sampleMs]),
    [
      ['orders', 100, 20, 20],
      ['orders', 50, 20, 140],
      ['orders', 100, 20, 20],
    ],
  )
})

test('silence until the command expires lowers the limit, what is our own fault does not', async t => {
  let mine = false
  const { serve } = anAdaptive(t, {}, () => mine)
  await serve(20)
  const silence = new Problem('reply-timeout', 'silent')
  mine = true
  equal(await serve(5_000, silence), 100)
  mine = false
  equal(await serve(5_000, silence), 50)
})

test('nothing is learnt from what the worker did not answer', async t => {
  const { slots, serve } = anAdaptive(t)
  await serve(20)
  const codes = ['circuit-open', 'client-gone', 'publish-timeout', 'broker-unavailable', 'deadline-exceeded'] as const
  for (const code of codes) equal(await serve(5_000, new Problem(code, 'x')), 100)
  await serve(0) // the reply overtook the acknowledgement
  equal(slots.limit, 100)
})

const silent = new Problem('reply-timeout', 'silent')

test('a slot that a silence gives back goes to nobody before the worker is heard of', async t => {
  const clock = frozenClock(t)
  const { slots, taken, guarded } = guard({ maxWaitMs: 10_000 })
  const all = Array.from({ length: 4 }, () => guarded(patient()).catch(() => {}))
  taken[0]!.fail(silent)
  await clock.advance(1)
  deepEqual([slots.limit, slots.inFlight, slots.waiting], [1, 1, 2])
  taken[1]!.reply(anAnswer)
  await clock.advance(1)
  deepEqual([slots.limit, slots.inFlight, slots.waiting], [2, 2, 0])
  for (const { reply } of taken) reply(anAnswer)
  await Promise.all(all)
  equal(alarms(), 0)
})

test('the slots of a silence are free again once nobody is left who could be answered', async t => {
  const clock = frozenClock(t)
  const { slots, taken, guarded } = guard({ maxWaitMs: 10_000 })
  for (let i = 0; i < 4; i++) void guarded(patient()).catch(() => {})
  taken[0]!.fail(silent)
  taken[1]!.fail(silent)
  await clock.advance(1)
  deepEqual([slots.limit, slots.inFlight, slots.waiting], [2, 2, 0])
  equal(alarms(), 0)
})

test('none is kept where the conclusion is drawn already, nor after a silence of our own making', async t => {
  const clock = frozenClock(t)
  for (const [concluded, excused] of [
    [true, false],
    [false, true],
  ] as const) {
    const { service, taken } = heldService()
    const slots = new Bulkhead('orders', { ...options, maxWaitMs: 10_000 }, () => concluded)
    const guarded = bulkhead<Reply>(slots, () => excused)(service)
    for (let i = 0; i < 4; i++) void guarded(patient()).catch(() => {})
    taken[0]!.fail(silent)
    await clock.advance(1)
    deepEqual([slots.limit, slots.inFlight, slots.waiting], [2, 2, 1])
    await clock.advance(10_000)
    equal(alarms(), 0)
  }
})

test('while leaders move all slots are open, however few were used before', async t => {
  const clock = frozenClock(t)
  let moving = false
  const { service, taken } = heldService()
  const slots = new Bulkhead('orders', slotsOf({ limit: 'adaptive', slots: 512, min: 8, queue: 0 }))
  const guarded = bulkhead<Reply>(
    slots,
    () => false,
    () => moving,
  )(service)
  const serve = async (some: number): Promise<void> => {
    const all = Array.from({ length: some }, () =>
      guarded(patient({ progress: { ...aCall().progress, workerMs: 10 } })),
    )
    await clock.advance(1)
    for (const { reply } of taken.splice(0)) reply(anAnswer)
    await Promise.all(all)
    await clock.advance(200)
  }
  for (let i = 0; i < 20; i++) await serve(12)
  const usual = slots.limit
  ok(usual < 100, `${usual} slots`)
  const many = (): Promise<unknown>[] => Array.from({ length: 600 }, () => guarded(patient()).catch(() => {}))
  void many()
  await clock.advance(1)
  equal(slots.inFlight, usual)
  moving = true
  void many()
  await clock.advance(1)
  equal(slots.inFlight, 512)
  moving = false
  for (const { reply } of taken.splice(0, 100)) reply(anAnswer)
  await clock.advance(1)
  void many()
  equal(slots.inFlight, 412)
  for (; taken.length > 0; await clock.advance(1)) taken.shift()?.reply(anAnswer)
})

test('where slots were short before leaders moved, those are open that the worker was judged good for', async t => {
  let moving = false
  const { clock, slots, serve } = anAdaptive(t, { slots: 512, queue: 500, maxWaitMs: 1_000 })
  await serve(20)
  while ((await serve(1_000)) > 64);
  const { service, taken } = heldService()
  const guarded = bulkhead<Reply>(
    slots,
    () => false,
    () => moving,
  )(service)
  const ask = (some: number): void => {
    for (let i = 0; i < some; i++) void guarded(patient({ client: `${i}` })).catch(() => {})
  }
  for (let ms = 0; ms < 3_000; ms += 100) {
    ask(10)
    await clock.advance(100)
    taken.shift()?.reply(anAnswer)
  }
  moving = true
  ask(200)
  await clock.advance(1)
  ok(slots.inFlight <= 64, `${slots.inFlight} in flight`)
  for (; taken.length > 0; await clock.advance(1)) taken.shift()?.reply(anAnswer)
  equal(slots.inFlight + slots.waiting, 0)
})

test('few slots are their own minimum', async t => {
  const { serve } = anAdaptive(t, { slots: 3 })
  for (let i = 0; i < 20; i++) equal(await serve(i === 0 ? 1 : 4_000), 3)
})

/** Calls by name, in the order in which they got their slots; each is answered as soon as it is told to. */
function named(slots: Bulkhead) {
  const served: string[] = []
  const answers: (() => void)[] = []
  const ends = new Map<string, Promise<string>>()
  const service = bulkhead<Reply>(slots)(({ topic }) => {
    served.push(topic)
    const { promise, resolve } = Promise.withResolvers<Reply>()
    answers.push(() => resolve(anAnswer))
    return promise
  })
  const ask = (name: string, over: Partial<Call> = {}): void => {
    const end = service(patient({ topic: name, client: name, ...over })).then(
      () => 'served',
      (problem: Problem) => problem.code,
    )
    ends.set(name, end)
  }
  const settle = async (clock: ReturnType<typeof frozenClock>): Promise<void> => {
    while (answers.length > 0) {
      answers.shift()!()
      await clock.advance(0)
    }
  }
  return { served, ask, settle, ends }
}

test('free slots go to the class that matters most', async t => {
  const clock = frozenClock(t)
  const { served, ask, settle } = named(new Bulkhead('orders', slotsOf({ slots: 1, queue: 10 })))
  ask('first')
  ask('sheddable', { priority: 'sheddable' })
  ask('normal')
  ask('critical', { priority: 'critical' })
  ask('health', { priority: 'health' })
  await settle(clock)
  deepEqual(served, ['first', 'health', 'critical', 'normal', 'sheddable'])
})

test('when all is full, the newest of the least class gives way to one that matters more', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const slots = new Bulkhead('orders', slotsOf({ slots: 1, queue: 3 }))
  const { served, ask, settle, ends } = named(slots)
  ask('first')
  ask('old', { priority: 'sheddable' })
  ask('new', { priority: 'sheddable' })
  ask('normal')
  ask('critical', { priority: 'critical' })
  equal(await ends.get('new'), 'shed')
  ask('health', { priority: 'health' })
  equal(await ends.get('old'), 'shed')
  ask('late', { priority: 'sheddable' })
  equal(await ends.get('late'), 'bulkhead-full')
  deepEqual(
    refused.map(({ problem: { code } }) => code),
    ['shed', 'shed', 'bulkhead-full'],
  )
  await settle(clock)
  deepEqual(served, ['first', 'health', 'critical', 'normal'])
  deepEqual([slots.inFlight, slots.waiting, alarms()], [0, 0, 0])
})

test('when all is full, a client that has most waiting gives way to one that has less', async t => {
  const clock = frozenClock(t)
  const { served, ask, settle, ends } = named(new Bulkhead('orders', slotsOf({ slots: 1, queue: 6 })))
  for (let i = 0; i < 7; i++) ask(`noisy ${i}`, { client: 'noisy' })
  ask('noisy too', { client: 'noisy' })
  equal(await ends.get('noisy too'), 'bulkhead-full')
  ask('quiet')
  await clock.advance(1)
  const first = await Promise.race<string>([ends.get('noisy 6')!, ends.get('noisy 5')!])
  equal(first, 'shed')
  await settle(clock)
  equal(served[1], 'noisy 1', 'nobody has anything in flight')
  ok(served.includes('quiet'))
  equal(served.length, 7)
})

test('a slot goes to the client that has least in flight', async t => {
  const clock = frozenClock(t)
  const { served, ask, settle } = named(new Bulkhead('orders', slotsOf({ slots: 3, queue: 10 })))
  for (let i = 0; i < 6; i++) ask(`noisy ${i}`, { client: 'noisy' })
  ask('quiet')
  await settle(clock)
  deepEqual(served.slice(0, 5), ['noisy 0', 'noisy 1', 'noisy 2', 'quiet', 'noisy 3'])
})

test('a route gets its share back with the next free slots, and borrowers make room for it', async t => {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', slotsOf({ slots: 4, queue: 2 }))
  slots.guarantee(new Map([['place-order', 0], ['mine', 50]])) // prettier-ignore
  const { served, ask, settle, ends } = named(slots)
  for (let i = 0; i < 6; i++) ask(`other ${i}`, { priority: 'critical' }) // borrows all slots, and fills the queue
  ask('mine 0', { route: 'mine', priority: 'sheddable' })
  ask('mine 1', { route: 'mine', priority: 'sheddable' })
  ask('mine 2', { route: 'mine', priority: 'sheddable' })
  deepEqual(await Promise.all(['other 5', 'other 4', 'mine 2'].map(async name => await ends.get(name))), [
    'shed',
    'shed',
    'bulkhead-full',
  ])
  deepEqual(slots.snapshot().shares, { mine: { guaranteed: 2, inFlight: 0 } })
  await settle(clock)
  deepEqual(served.slice(0, 4), ['other 0', 'other 1', 'other 2', 'other 3'])
  deepEqual(served.slice(4).toSorted(), ['mine 0', 'mine 1']) // whose client has less goes first
  deepEqual(slots.snapshot().shares, { mine: { guaranteed: 2, inFlight: 0 } })
})

test('a hot partition has all slots while nobody else is there, however long they are short', async t => {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', slotsOf({ slots: 10, queue: 10 }))
  slots.partitions = 12
  const { served, ask, settle } = named(slots)
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 18; i++) ask(`hot ${round}.${i}`, { partition: 3 })
    await clock.advance(10)
    await settle(clock)
  }
  equal(served.length, 30 * 18)
})

test('one partition of many that is silent gets no more than its part, and the reason names it', async t => {
  const clock = frozenClock(t)
  const slots = new Bulkhead('orders', slotsOf({ slots: 10, queue: 10 }))
  slots.partitions = 12
  const { ask, settle, ends, served } = named(slots)
  ask('elsewhere', { partition: 4 })
  await settle(clock)
  for (let i = 0; i < 6; i++) ask(`before ${i}`, { partition: 3 }) // more than its part, as slots are free
  await clock.advance(101)
  ask('more', { partition: 3 })
  equal(await ends.get('more'), 'bulkhead-full')
  const error = await bulkhead(slots)(async () => anAnswer)(patient({ partition: 3 })).catch((error: unknown) => error)
  ok(error instanceof Problem && error.message.includes('partition 3'))
  deepEqual([error.limit, error.observed], [5, 6])
  ask('another', { partition: 4 })
  deepEqual(slots.snapshot().fullestPartition, { partition: 3, calls: 6 })
  await settle(clock)
  ask('again', { partition: 3 })
  await settle(clock)
  deepEqual(served.slice(7), ['another', 'again'])
})

test('what a silent partition holds takes no slot of an adaptive limit from the others, and it gets no more', async t => {
  const { clock, slots, serve } = anAdaptive(t, { partitionPercent: 99 })
  await serve(20)
  equal(await serve(140), 50)
  slots.partitions = 12
  const { service, taken } = heldService()
  const asked: Promise<string>[] = []
  const ask = (partition: number, count: number): void => {
    for (let i = 0; i < count; i++)
      asked.push(
        bulkhead<Reply>(slots)(service)(patient({ partition })).then(
          () => 'served',
          (problem: Problem) => problem.message,
        ),
      )
  }
  const answer = async (count: number): Promise<void> => {
    for (const { call, reply } of taken.splice(
      taken.findIndex(({ call }) => call.partition > 0),
      count,
    )) {
      call.progress.workerMs = 20
      reply(anAnswer)
    }
    await clock.advance(0)
  }
  ask(0, 30)
  ask(1, 20)
  ask(2, 1)
  equal(await asked.at(-1), '50 commands in flight (at most 50), 0 waiting (at most 0).')
  await clock.advance(4 * 140 + 1)
  ask(3, 1)
  equal(await asked.at(-1), '50 commands in flight (at most 50), 0 waiting (at most 0).', 'nothing is heard of anybody')
  await answer(1)
  for (let partition = 3; partition < 12; partition++) ask(partition, 4)
  deepEqual([slots.inFlight, slots.limit], [80, 80], 'at most all slots but for what is silent')
  ask(0, 1)
  equal(await asked.at(-1), '30 commands for partition 0 in flight, and nothing is heard of it, but of others.')
  await clock.advance(10_000)
  deepEqual(slots.limit, 50, 'of the others neither')
  await answer(49)
  for (const { reply } of taken) reply(anAnswer)
  await clock.advance(10)
  deepEqual([slots.inFlight, alarms()], [0, 0])
})

test('observed, who finds no slot and no place is counted once and let in', async t => {
  const clock = frozenClock(t)
  const refused = heard(t, 'refused')
  const slots = new Bulkhead('orders', slotsOf({ mode: 'observe', slots: 2, queue: 0 }))
  slots.partitions = 12
  const { served, ask, settle } = named(slots)
  for (let i = 0; i < 3; i++) ask(`${i}`)
  await settle(clock)
  deepEqual([served.length, refused.map(({ observed }) => observed)], [3, [true]])
})

test('with an adaptive limit calls are shed by degrees, by class, and the figures say why', async t => {
  const { clock, slots, serve } = anAdaptive(t, { slots: 8, queue: 1_000, maxWaitMs: 1_000 })
  await serve(20)
  t.mock.method(Math, 'random', () => 0.5)
  const { ask, ends } = named(slots)
  const client = 'one'
  ask('normal', { client: 'two' }) // with one client only nothing would be shed
  for (let i = 1; i < 20; i++) ask(`normal ${i}`, { client })
  deepEqual([slots.inFlight, slots.waiting], [8, 12]) // 2.5 times
  ask('sheddable', { client, priority: 'sheddable' })
  ask('one more', { client })
  equal(slots.waiting, 13)
  ask('too many', { client })
  deepEqual(await Promise.all(['sheddable', 'too many'].map(async name => await ends.get(name))), ['shed', 'shed'])
  for (let i = 0; i < 8; i++) ask(`critical ${i}`, { client, priority: 'critical' })
  equal(slots.waiting, 21) // 3.6 times
  ask('more critical', { client, priority: 'critical' })
  equal(await ends.get('one more'), 'shed') // what matters less goes first, also where chance says that one has to
  ask('health', { client, priority: 'health' })
  deepEqual(slots.snapshot().waiting, { sheddable: 0, normal: 12, critical: 9, health: 1 })
  await clock.advance(1_000)
  equal(alarms(), 0)
})

test('where one client is alone nothing is shed by chance: it would only make room for itself', async t => {
  const { clock, slots, serve } = anAdaptive(t, { slots: 8, queue: 1_000, maxWaitMs: 1_000 })
  await serve(20)
  t.mock.method(Math, 'random', () => 0)
  const { ask, ends, settle, served } = named(slots)
  for (let i = 0; i < 40; i++) ask(`${i}`, { client: 'one' })
  deepEqual([slots.inFlight, slots.waiting], [8, 32])
  ask('second', { client: 'two' })
  equal(await ends.get('39'), 'shed', 'for another it makes room')
  await settle(clock)
  deepEqual([served.length, alarms()], [40, 0])
})

test('when calls are shed by chance, the client that has most waiting gives way to one that has less', async t => {
  const { clock, slots, serve } = anAdaptive(t, { slots: 8, queue: 1_000, maxWaitMs: 1_000 })
  await serve(20)
  t.mock.method(Math, 'random', () => 0.5)
  const { ask, ends, settle, served } = named(slots)
  ask('other', { client: 'other' })
  for (let i = 1; i < 21; i++) ask(`noisy ${i}`, { client: 'noisy' })
  equal(slots.waiting, 13) // 2.6 times
  ask('quiet', { client: 'quiet' })
  ask('noisy 21', { client: 'noisy' })
  equal(await ends.get('noisy 20'), 'shed')
  equal(await ends.get('noisy 21'), 'shed')
  equal(slots.waiting, 13)
  await settle(clock)
  equal(served[8], 'quiet')
  equal(alarms(), 0)
})

test('on the way down to a lower limit some who wait are served, and what they see is no measure of it', async t => {
  const { clock, slots, serve } = anAdaptive(t, { slots: 40, queue: 40, maxWaitMs: 1_000 })
  await serve(20)
  await clock.advance(100)
  const { service, taken } = heldService()
  const all = Array.from({ length: 80 }, () => bulkhead<Reply>(slots)(service)(patient()))
  await clock.advance(800)
  const leave = async (count: number): Promise<void> => {
    for (const { call, reply } of taken.splice(0, count)) {
      call.progress.workerMs = 800
      reply(anAnswer)
      await clock.advance(0)
    }
  }
  const inside = (): number[] => [slots.limit, slots.inFlight, slots.waiting]
  await leave(32)
  deepEqual(inside(), [20, 39, 9]) // half of 40
  await clock.advance(100)
  equal(slots.begin(), null)
  await leave(8)
  deepEqual(inside(), [20, 35, 5])
  await leave(8)
  deepEqual(inside(), [20, 31, 1])
  equal(slots.begin(), null)
  await leave(11)
  deepEqual(inside(), [20, 21, 0])
  equal(slots.begin(), null)
  await leave(1)
  ok(slots.begin() !== null, 'from here on calls are a measure')
  await leave(40)
  await Promise.all(all)
  deepEqual([slots.inFlight, alarms()], [0, 0])
})

test('what is known of it is told as plain values', async t => {
  const { slots, serve } = anAdaptive(t, { slots: 8 })
  deepEqual(slots.snapshot(), {
    limit: 8,
    floorMs: null,
    sampleMs: 0,
    inFlight: 0,
    waiting: { sheddable: 0, normal: 0, critical: 0, health: 0 },
    shares: {},
    fullestPartition: null,
  })
  await serve(30)
  await serve(30)
  deepEqual([slots.snapshot().floorMs, slots.snapshot().sampleMs], [30, 30])
  const fixed = new Bulkhead('orders', slotsOf({ slots: 3 })).snapshot()
  deepEqual([fixed.limit, fixed.floorMs, fixed.sampleMs], [3, null, null])
})

test('any course of arrivals, replies, departures and waits keeps the bounds and loses nobody', async t => {
  const clock = frozenClock(t)
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('arrive' as const), leftMs: fc.integer({ min: 1, max: 3_000 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('reply' as const), nth: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), nth: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 120 }) }) },
  )
  const shape = fc.record({ slots: fc.integer({ min: 1, max: 4 }), queue: fc.nat(4) })
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { maxLength: 60 }), async ({ slots: most, queue }, steps) => {
      const slots = new Bulkhead('orders', { ...options, slots: most, queue })
      const inside: { answer: () => void; number: number }[] = []
      const started: number[] = []
      const guarded = (number: number, call: Call): Promise<Reply> =>
        bulkhead<Reply>(slots)(() => {
          const { promise, resolve } = Promise.withResolvers<Reply>()
          started.push(number)
          inside.push({ number, answer: () => resolve(anAnswer) })
          return promise
        })(call)
      const arrived: { abort: AbortController; ended: Promise<string> }[] = []
      let seen = 0
      for (const step of steps) {
        if (step.kind === 'arrive') {
          const abort = new AbortController()
          const room = slots.inFlight < most || slots.waiting < queue
          const call = aCall({ aborter: abort, deadline: later(step.leftMs) })
          const ended = guarded(arrived.length, call).then(
            () => 'served',
            (problem: Problem) => problem.code,
          )
          arrived.push({ abort, ended })
          if (!room) equal(await ended, 'bulkhead-full')
        } else if (step.kind === 'reply') inside.splice(step.nth, 1)[0]?.answer()
        else if (step.kind === 'leave') arrived[step.nth]?.abort.abort(new Problem('client-gone', 'left'))
        else await clock.advance(step.ms)
        await clock.advance(0)
        ok(slots.inFlight <= most && slots.waiting <= queue)
        equal(slots.inFlight, inside.length)
        ok(slots.waiting === 0 || slots.inFlight === most, 'nobody waits while a slot is free')
        for (; seen < started.length; seen++) ok(seen === 0 || started[seen]! > started[seen - 1]!, 'in order')
      }
      await clock.advance(200)
      while (inside.length > 0) {
        inside.pop()!.answer()
        await clock.advance(1)
      }
      const ends = await Promise.all(arrived.map(({ ended }) => ended))
      equal(ends.filter(end => end === 'served').length, started.length)
      deepEqual([slots.inFlight, slots.waiting, alarms()], [0, 0, 0])
    }),
    { numRuns: 100 },
  )
})

test('a service that throws in place of rejecting keeps no slot', async () => {
  const slots = new Bulkhead('orders', options)
  const throws = (): never => {
    throw new Error('a defect')
  }
  await rejects(bulkhead<Reply>(slots)(throws)(patient()), { message: 'a defect' })
  equal(slots.inFlight, 0)
})
