import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Call } from '../../../src/call.ts'
import { now } from '../../../src/clock.ts'
import type { Instant } from '../../../src/clock.ts'
import { StuckPartitions, refused } from '../../../src/resilience/partition/stuck.ts'
import type { StuckOptions, Ticket } from '../../../src/resilience/partition/stuck.ts'
import { aCall } from '../../help/call.ts'
import { heard } from '../heard.ts'

const options: StuckOptions = { worker: 'orders', mode: 'enforce', consecutive: 3, openMs: 1_000 }
const key = Buffer.from('k')

/** Time by hand, and no jitter: what is spread stays as it is. */
function aTime(t: TestContext) {
  const time = { ms: 10_000 }
  t.mock.method(performance, 'now', () => time.ms)
  t.mock.method(Math, 'random', () => 0.5)
  return time
}
function someParts(t: TestContext, over: Partial<StuckOptions> = {}) {
  const time = aTime(t)
  const parts = new StuckPartitions({ ...options, ...over })
  const call = (partition: number, over: Partial<Call> = {}): Call => aCall({ partition, key, started: now(), ...over })
  /** A call that begins now and is silent, while this other partition answers or nobody does. */
  const silence = (partition: number, other: number | null = 0): Ticket => {
    const silent = call(partition)
    const ticket = parts.admit(silent)
    time.ms += 10
    if (other !== null) parts.answered(call(other))
    time.ms += 10
    parts.silent(silent, ticket)
    parts.release(silent, ticket)
    return ticket
  }
  const stick = (partition: number): void => {
    for (let i = 0; i < options.consecutive; i++) silence(partition)
  }
  return { time, parts, call, silence, stick }
}

test('an answer to an older call says nothing of a younger one of the same partition: that one was behind it', t => {
  const { time, parts, call } = someParts(t)
  const ahead = call(1)
  time.ms += 5
  const behind = call(1)
  for (const one of [ahead, behind]) parts.admit(one)
  time.ms += 5
  parts.answered(ahead)
  equal(parts.blame(1, behind.started), 'both')
  parts.answered(call(0))
  equal(parts.blame(1, behind.started), 'partition')
  time.ms += 5
  parts.answered(call(1))
  equal(parts.blame(1, behind.started), 'call')
})

test('a partition that is silent so often in a row while others answer is bad, and says why', t => {
  const told = heard(t, 'partition')
  const { parts, call, silence } = someParts(t)
  silence(7)
  silence(7)
  equal(parts.wouldRefuse(call(7)), null)
  silence(7)
  const problem = parts.wouldRefuse(call(7))!
  deepEqual([problem.code, problem.outcome, problem.limit, problem.observed], ['partition-stuck', 'not-sent', 3, 3])
  match(problem.message, /Partition 7 of orders is stuck: 3 calls in a row were not answered, while other partitions/)
  equal(problem.retryAfterMs, 1_000)
  equal(parts.wouldRefuse(call(0)), null)
  equal(parts.wouldRefuse(call(7, { key: null })), null, 'without a key it may go anywhere')
  equal(parts.avoids(7), true)
  equal(parts.avoids(0), false)
  deepEqual(
    told.map(({ worker, partition, to, bad }) => [worker, partition, to, bad]),
    [['orders', 7, 'bad', 1]],
  )
})

test('when nobody answers it is nobody’s in particular, so a topic of one partition has no bad one', t => {
  const { parts, silence } = someParts(t)
  for (let i = 0; i < 100; i++) silence(0, null)
  equal(parts.bad, 0)
  for (let i = 0; i < 100; i++) silence(0, 0)
  equal(parts.bad, 0, 'it has answered somebody meanwhile')
})

test('an answer begins the row anew', t => {
  const { parts, call, silence } = someParts(t)
  for (let i = 0; i < 20; i++) {
    silence(7)
    silence(7)
    parts.answered(call(7))
  }
  equal(parts.bad, 0)
})

test('whose failure a silence is depends on who has answered since the call began', t => {
  const { time, parts, call } = someParts(t)
  const began = now()
  equal(parts.blame(3, began), 'both')
  time.ms += 5
  parts.answered(call(1))
  equal(parts.blame(3, began), 'partition')
  equal(parts.blame(1, began), 'call')
  time.ms += 5
  parts.answered(call(3))
  equal(parts.blame(3, began), 'call')
  equal(parts.blame(3, (time.ms + 1) as Instant), 'both')
})

test('of a partition it is known when it answered last', t => {
  const { time, parts, call, silence } = someParts(t)
  deepEqual([parts.answeredAt(2), parts.answeredAt(100)], [-Infinity, -Infinity])
  parts.answered(call(2))
  const at = time.ms
  silence(2)
  equal(parts.answeredAt(2), at)
})

test('one probe at a time, after a time that doubles with each that fails, up to a minute', t => {
  const { time, parts, call, silence, stick } = someParts(t)
  stick(7)
  for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    equal(parts.admit(call(7)), refused)
    time.ms += wait - 1
    equal(parts.avoids(7), true)
    equal(parts.admit(call(7)), refused)
    time.ms += 1
    equal(parts.avoids(7), false, 'a call without a key may be the probe')
    equal(parts.wouldRefuse(call(7)), null)
    const probe = parts.admit(call(7))
    ok(probe > 0)
    equal(parts.admit(call(7)), refused)
    equal(parts.avoids(7), true)
    equal(parts.admit(call(7, { key: null })), 0)
    equal(parts.wouldRefuse(call(7))!.retryAfterMs, 1_000)
    parts.release(call(7), probe)
    ok(silence(7) > 0)
  }
  equal(parts.bad, 1)
})

test('a probe that is answered makes it good, and the next time is short again', t => {
  const told = heard(t, 'partition')
  const { time, parts, call, silence, stick } = someParts(t)
  stick(7)
  time.ms += 1_000
  silence(7)
  time.ms += 2_000
  const probe = call(7)
  const ticket = parts.admit(probe)
  parts.answered(probe)
  parts.release(probe, ticket)
  equal(parts.wouldRefuse(call(7)), null)
  time.ms += 1
  stick(7)
  equal(parts.wouldRefuse(call(7))!.retryAfterMs, 1_000)
  deepEqual(
    told.map(({ to, bad }) => `${to} ${bad}`),
    ['bad 1', 'good 0', 'bad 1'],
  )
})

test('silences of calls from before, and of a probe whose place has gone, change nothing', t => {
  const { time, parts, call, silence, stick } = someParts(t)
  const old = call(7)
  stick(7)
  parts.silent(old, 0)
  equal(parts.wouldRefuse(call(7))!.observed, 3)
  time.ms += 1_000
  const first = call(7)
  const lost = parts.admit(first)
  parts.release(first, lost) // without a verdict
  const second = call(7)
  const probe = parts.admit(second)
  ok(probe > lost)
  parts.silent(first, lost)
  parts.release(first, lost)
  equal(parts.admit(call(7)), refused, 'the second is still under way')
  parts.answered(second)
  equal(parts.bad, 0)
  silence(7, null)
})

test('where nobody answers a probe proves nothing: the time does not grow', t => {
  const { time, parts, call, silence, stick } = someParts(t)
  stick(7)
  for (let i = 0; i < 5; i++) {
    time.ms += 1_000
    ok(silence(7, null) > 0)
    equal(parts.wouldRefuse(call(7))!.retryAfterMs, 1_000)
  }
})

test('with news of the group every bad one may be tried at once', t => {
  const { parts, call, stick } = someParts(t)
  stick(7)
  stick(9)
  equal(parts.bad, 2)
  parts.tryNow()
  for (const partition of [7, 9]) {
    ok(parts.admit(call(partition)) > 0)
    equal(parts.admit(call(partition)), refused)
  }
})

test('a partition of which something is done may be tried as if that had not failed before, and not sooner', t => {
  const { time, parts, call, silence, stick } = someParts(t)
  stick(7)
  for (const openMs of [1_000, 2_000, 4_000]) {
    time.ms += openMs
    ok(silence(7) > 0)
  }
  time.ms += 100
  parts.works(7)
  parts.works(3)
  parts.works(99)
  equal(parts.wouldRefuse(call(7))!.retryAfterMs, 900) // of 8,000
  time.ms += 900
  ok(silence(7) > 0)
  equal(parts.wouldRefuse(call(7))!.retryAfterMs, 16_000, 'the next trial is late again')
  time.ms += 5_000
  parts.works(7)
  ok(parts.admit(call(7)) > 0)
})

test('observed, it decides, and refuses and avoids nothing', t => {
  const { parts, call, stick } = someParts(t, { mode: 'observe' })
  stick(7)
  equal(parts.bad, 1)
  equal(parts.wouldRefuse(call(7)), null)
  equal(parts.avoids(7), false)
  equal(parts.admit(call(7)), refused, 'to be counted by whoever asks')
})

test('how long the latest answer took is known for a while, and for twice as long as it took', t => {
  const { time, parts, call } = someParts(t)
  equal(parts.lately(3, 1_000), null)
  parts.answered(call(3, { started: (time.ms - 200) as Instant }))
  equal(parts.lately(3, 1_000), 200)
  equal(parts.lately(2, 1_000), null)
  time.ms += 1_001
  equal(parts.lately(3, 1_000), null)
  parts.answered(call(3, { started: (time.ms - 3_000) as Instant }))
  time.ms += 6_000
  equal(parts.lately(3, 1_000), 3_000)
  time.ms += 1
  equal(parts.lately(3, 1_000), null)
})

test('the snapshot names the worst ten', t => {
  const { time, parts, stick, call } = someParts(t)
  for (let partition = 1; partition <= 12; partition++) stick(partition)
  const { mode, bad, worst } = parts.snapshot()
  deepEqual([mode, bad, worst.length], ['enforce', 12, 10])
  time.ms += 2_000
  parts.admit(call(1))
  deepEqual(parts.snapshot().worst[0], { partition: 1, silences: 3, probing: true, inMs: 0 })
})

/** The same, told from the whole history, without a thought for speed. */
class Model {
  readonly answers: { partition: number; at: number; began: number }[] = []
  readonly silences = new Map<number, number>()
  readonly bad = new Map<number, { since: number; until: number; openings: number; probe: Begun | null }>()
  at = 10_000
  everBad = 0

  openFor(openings: number): number {
    return Math.min(60_000, options.openMs * 2 ** Math.min(16, openings - 1))
  }
  /** Whether a younger call of the partition was answered. */
  overtaken(began: number, partition: number): boolean {
    return this.answers.some(answer => answer.partition === partition && answer.began > began)
  }
  othersAnswered(began: number, partition: number): boolean {
    return this.answers.some(answer => answer.partition !== partition && answer.at > began)
  }
}
type Begun = Readonly<{ call: Call; ticket: Ticket; began: number }>
type Real = Readonly<{ parts: StuckPartitions; time: { ms: number }; running: Begun[] }>

const partitions = [0, 1, 2]
function agree(model: Model, { parts }: Real): void {
  equal(parts.bad, model.bad.size)
  for (const partition of partitions) {
    const bad = model.bad.get(partition)
    const shut = bad !== undefined && (bad.probe !== null || model.at < bad.until)
    equal(parts.avoids(partition), shut, `${partition} is avoided`)
    equal(parts.wouldRefuse(aCall({ partition, key }))?.code, shut ? 'partition-stuck' : undefined)
  }
}
const step = (name: string, run: (model: Model, real: Real) => void): fc.Command<Model, Real> => ({
  check: () => true,
  run: (model, real) => {
    run(model, real)
    agree(model, real)
  },
  toString: () => name,
})
const begin = (partition: number, keyed: boolean) =>
  step(`begin ${partition} ${keyed}`, (model, { parts, running }) => {
    const call = aCall({ partition, key: keyed ? key : null, started: now() })
    const ticket = parts.admit(call)
    const bad = model.bad.get(partition)
    if (bad === undefined) equal(ticket, 0)
    else if (bad.probe !== null || model.at < bad.until) equal(ticket, keyed ? refused : 0)
    else ok(ticket > 0)
    if (ticket === refused) return
    const begun: Begun = { call, ticket, began: model.at }
    if (ticket > 0 && bad !== undefined) bad.probe = begun
    running.push(begun)
  })
const end = (nth: number, how: 'answer' | 'silence' | 'nothing') =>
  step(`${how} ${nth}`, (model, { parts, running }) => {
    const [ended] = running.length === 0 ? [] : running.splice(nth % running.length, 1)
    if (ended === undefined) return
    const { call, ticket, began } = ended
    const { partition } = call
    const bad = model.bad.get(partition)
    if (how === 'answer') {
      parts.answered(call)
      model.answers.push({ partition, at: model.at, began })
      model.silences.set(partition, 0)
      model.bad.delete(partition)
    } else if (how === 'silence') {
      parts.silent(call, ticket)
      const others = !model.overtaken(began, partition) && model.othersAnswered(began, partition)
      if (bad !== undefined && bad.probe === ended) {
        bad.openings += others ? 1 : 0
        bad.since = model.at
        bad.until = model.at + model.openFor(bad.openings)
      } else if (bad === undefined && others) {
        const silences = (model.silences.get(partition) ?? 0) + 1
        model.silences.set(partition, silences)
        if (silences >= options.consecutive) {
          model.everBad++
          model.bad.set(partition, { since: model.at, until: model.at + model.openFor(1), openings: 1, probe: null })
        }
      }
    }
    parts.release(call, ticket)
    if (bad?.probe === ended) bad.probe = null
  })
const pass = (ms: number) =>
  step(`pass ${ms}`, (model, { time }) => {
    model.at += ms
    time.ms += ms
  })
const news = step('news', (model, { parts }) => {
  parts.tryNow()
  for (const bad of model.bad.values()) bad.until = Math.min(bad.until, model.at)
})

const works = (partition: number) =>
  step(`works ${partition}`, (model, { parts }) => {
    parts.works(partition)
    const bad = model.bad.get(partition)
    if (bad !== undefined) bad.until = Math.min(bad.until, bad.since + options.openMs)
  })

test('whatever happens in whatever order, it decides as its whole history says', t => {
  const time = aTime(t)
  const nth = fc.nat({ max: 20 })
  const commands = fc.commands(
    [
      fc.tuple(fc.constantFrom(...partitions), fc.boolean()).map(([partition, keyed]) => begin(partition, keyed)),
      fc
        .tuple(nth, fc.constantFrom('answer', ...Array<'silence'>(5).fill('silence'), 'nothing' as const))
        .map(([n, how]) => end(n, how)),
      fc.constantFrom(1, 10, 500, 1_000, 5_000).map(pass),
      fc.constant(news),
      fc.constantFrom(...partitions).map(works),
    ],
    { maxCommands: 120, size: 'max' },
  )
  let everBad = 0 // in any course: at the end of one it may have come back
  fc.assert(
    fc.property(commands, all => {
      time.ms = 10_000
      const real: Real = { parts: new StuckPartitions(options), time, running: [] }
      const model = new Model()
      fc.modelRun(() => ({ model, real }), all)
      everBad += model.everBad
    }),
    { numRuns: 300 },
  )
  ok(everBad > 0, 'some of the runs came so far')
})
