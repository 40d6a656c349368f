import { test } from 'node:test'
import { deepEqual, rejects } from 'node:assert/strict'
import { now } from '../../src/clock.ts'
import { unfold } from '../../src/lab/timeline.ts'
import type { Cast, Fault } from '../../src/lab/timeline.ts'
import { frozenClock } from '../help/clock.ts'

function aCast() {
  const done: string[] = []
  const note = (what: string) => (who?: unknown) => void done.push(who === undefined ? what : `${what} ${String(who)}`)
  const joined = Promise.withResolvers<void>()
  const cast: Cast = {
    crew: {
      freeze: note('freeze'),
      thaw: note('thaw'),
      kill: note('kill'),
      leave: async who => note('leave')(who),
      join: async who => {
        note('join')(who)
        await joined.promise
      },
      behave: note('behave'),
    },
    replies: { cut: note('cut'), heal: note('heal') },
    broker: null,
  }
  return { cast, done, admit: joined.resolve }
}
const never = new AbortController().signal

test('each fault comes at its time, in whatever order they are written', async t => {
  const { advance } = frozenClock(t)
  const { cast, done } = aCast()
  const faults: Fault[] = [
    { atMs: 300, do: 'thaw', who: 'all' },
    { atMs: 100, do: 'freeze', who: 'all' },
    { atMs: 200, do: 'cut-replies' },
    { atMs: 200, do: 'behave', who: 1, change: { silent: [3] } },
    { atMs: 250, do: 'heal-replies' },
  ]
  const unfolding = unfold(faults, cast, now(), never)
  await advance(99)
  deepEqual(done, [])
  await advance(1)
  deepEqual(done, ['freeze all'])
  await advance(200)
  await unfolding
  deepEqual(done, ['freeze all', 'cut', 'behave 1', 'heal', 'thaw all'])
})

test('one that takes its time holds up no other, and it is told when it was done', async t => {
  const { advance } = frozenClock(t)
  const { cast, done, admit } = aCast()
  const faults: Fault[] = [
    { atMs: 10, do: 'join', who: 0 },
    { atMs: 20, do: 'kill', who: 1 },
  ]
  const unfolding = unfold(faults, cast, now(), never)
  await advance(10)
  await advance(10)
  deepEqual(done, ['join 0', 'kill 1'])
  await advance(30)
  admit()
  deepEqual(
    (await unfolding).map(({ begunMs, endedMs }) => [begunMs, endedMs]),
    [
      [10, 50],
      [20, 20],
    ],
  )
})

test('what has not come when the run is over does not come', async t => {
  const { advance } = frozenClock(t)
  const { cast, done } = aCast()
  const over = new AbortController()
  const unfolding = unfold([{ atMs: 100, do: 'kill', who: 0 }], cast, now(), over.signal)
  await advance(50)
  over.abort()
  deepEqual([await unfolding, done], [[], []])
})

test('a fault of what is not there is an error', async () => {
  await rejects(unfold([{ atMs: 0, do: 'kill-broker' }], aCast().cast, now(), never), /no broker of its own/)
})
