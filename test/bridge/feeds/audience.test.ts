import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { Audience } from '../../../src/bridge/feeds/audience.ts'
import type { Sink, Told } from '../../../src/feed.ts'
import { frozenClock } from '../../help/clock.ts'
import { sse } from '../../../src/routes/streams/sse.ts'

const told = (text: string): Told => ({
  id: 'p',
  topic: 't',
  partition: 0,
  offset: 0n,
  time: 0 as Told['time'],
  key: null,
  headers: [],
  kind: 'text',
  text,
})

class Box implements Sink {
  readonly format = sse
  readonly got: Buffer[] = []
  full = false
  gone = false
  lagged = 0

  write(bytes: Buffer): boolean {
    if (!this.full) this.got.push(bytes)
    return !this.full
  }
  drained = () => Promise.resolve()
  lag = () => void this.lagged++
  end = () => {}
  get texts(): string[] {
    return this.got.map(String)
  }
}

test('what comes at the same time is written once for all, in one piece', async () => {
  const audience = new Audience(sse, 0)
  const [one, two] = [new Box(), new Box()]
  audience.join(one)
  audience.join(two)
  audience.tell(told('a'))
  await Promise.resolve() // of one answer of the broker, the partitions are read one after another
  audience.tell(told('b'))
  await endOfTurn()
  deepEqual(one.texts, ['id: p\ndata: a\n\nid: p\ndata: b\n\n'])
  equal(one.got[0], two.got[0], 'the very same bytes')
})

test('who joins is not told what was told before', async () => {
  const audience = new Audience(sse, 0)
  const [old, young] = [new Box(), new Box()]
  audience.join(old)
  audience.tell(told('a'))
  audience.join(young)
  audience.tell(told('b'))
  await endOfTurn()
  deepEqual(old.texts, ['id: p\ndata: a\n\n', 'id: p\ndata: b\n\n'])
  deepEqual(young.texts, ['id: p\ndata: b\n\n'])
})

test('a beat goes out behind what was told before it', () => {
  const audience = new Audience(sse, 0)
  const box = new Box()
  audience.join(box)
  audience.tell(told('a'))
  audience.say(sse.beat('q'))
  deepEqual(box.texts, ['id: p\ndata: a\n\n', 'id: q\n\n'])
})

test('who takes no more lags, and is no longer of the audience', () => {
  const audience = new Audience(sse, 0)
  const [slow, quick] = [new Box(), new Box()]
  audience.join(slow)
  audience.join(quick)
  slow.full = true
  audience.say(sse.beat('q'))
  audience.say(sse.beat('r'))
  deepEqual([slow.lagged, audience.size, quick.got.length], [1, 1, 2])
})

test('what comes soon after a piece is gathered, and goes out in one piece when its time has come', async t => {
  const clock = frozenClock(t)
  const audience = new Audience(sse, 100)
  const box = new Box()
  audience.join(box)
  audience.tell(told('a'))
  await endOfTurn()
  deepEqual(box.texts, ['id: p\ndata: a\n\n'], 'after a silence nothing waits')
  await clock.advance(40)
  audience.tell(told('b'))
  await clock.advance(40)
  audience.tell(told('c'))
  equal(box.got.length, 1)
  await clock.advance(30)
  deepEqual(box.texts.slice(1), ['id: p\ndata: b\n\nid: p\ndata: c\n\n'])
  await clock.advance(10)
  audience.tell(told('d'))
  audience.say(sse.beat('q'))
  deepEqual(box.texts.slice(2), ['id: p\ndata: d\n\n', 'id: q\n\n'], 'a beat does not overtake it')
})

test('a piece that grows large is not held back', async t => {
  const clock = frozenClock(t)
  const audience = new Audience(sse, 100)
  const box = new Box()
  audience.join(box)
  for (let n = 0; n < 4; n++) {
    audience.tell(told('x'.repeat(40_000)))
    await endOfTurn()
  }
  equal(box.got.length, 2)
  await clock.advance(100)
  equal(box.got.length, 3)
})
