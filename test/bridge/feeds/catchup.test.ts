import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Incoming } from '../../../src/bridge/broker.ts'
import { CatchUp, tellProgress } from '../../../src/bridge/feeds/catchup.ts'
import type { Taker } from '../../../src/bridge/feeds/catchup.ts'
import type { Tail } from '../../../src/bridge/feeds/tail.ts'
import { Window } from '../../../src/bridge/feeds/window.ts'
import type { Past } from '../../../src/bridge/past.ts'
import { aRecord } from '../../help/record.ts'

const never = new AbortController().signal
const at = (offset: number): Incoming => aRecord({ topic: 't', partition: 0, offset: BigInt(offset) })

/** A log of one partition with records at these offsets, up to `end`, of which the window holds those from `kept` on. */
function aLog({ offsets, end, kept }: Readonly<{ offsets: readonly number[]; end: number; kept: number }>) {
  const window = new Window(kept, { records: 100, bytes: 1_000_000 })
  for (const offset of offsets) if (offset >= kept) window.push(at(offset))
  const settled: number[] = []
  const tail = {
    topic: 't',
    log: 1,
    windows: [window],
    listen: () => ({ [Symbol.dispose]: () => {} }),
    settle: async (_partition: number, next: number) => (settled.push(next), window.advance(next), true),
    peek: async () => (window.advance(end), { end }),
  } as unknown as Tail
  const past: Past = {
    id: () => null,
    offsets: async (_topic, place) => [BigInt(place === 'end' ? end : (offsets[0] ?? 0))],
    page: async ({ from }) => {
      const next = offsets.filter(offset => offset >= Number(from)).slice(0, 2)
      const last = next.at(-1) === offsets.at(-1)
      return {
        records: next.map(at),
        next: BigInt(last ? end : next.at(-1)! + 1),
        first: BigInt(offsets[0] ?? 0),
        end: BigInt(end),
      }
    },
  }
  return { tail, past, settled, window }
}

function aTaker() {
  const taken: number[] = []
  const came: (readonly [number, boolean])[] = []
  const forgotten: number[] = []
  const taker: Taker = {
    take: ({ offset }) => void taken.push(Number(offset)),
    forget: partition => void forgotten.push(partition),
    came: (partition, live) => void came.push([partition, live]),
    failure: null,
  }
  return { taken, came, forgotten, taker }
}

test('what there is comes in pages, then what the window holds, then what is new: each record once', async () => {
  const log = aLog({ offsets: [0, 1, 2, 3, 4], end: 5, kept: 3 })
  const { taken, came, taker } = aTaker()
  const catchUp = new CatchUp(log, taker)
  await catchUp.build(never)
  equal(catchUp.ready, true)
  catchUp.record(at(5))
  deepEqual([taken, catchUp.positions, came.at(-1)], [[0, 1, 2, 3, 4, 5], [6], [0, true]])
})

test(
  'offsets without records at the end, as transactions leave them, keep nobody waiting',
  { timeout: 5_000 },
  async () => {
    const log = aLog({ offsets: [0, 1], end: 3, kept: 2 })
    const { taken, taker } = aTaker()
    const catchUp = new CatchUp(log, taker)
    await catchUp.build(never)
    deepEqual([taken, log.settled, catchUp.positions], [[0, 1], [3], [3]])
  },
)

test('it goes on where an earlier start had come, unless the log was made anew since', async () => {
  for (const [position, log, taken, forgotten] of [
    [3, 1, [3, 4], []],
    [3, 0, [3, 4], []],
    [9, 1, [0, 1, 2, 3, 4], [0]],
    [3, 2, [0, 1, 2, 3, 4], [0]],
  ] as const) {
    const one = aTaker()
    const catchUp = new CatchUp(aLog({ offsets: [0, 1, 2, 3, 4], end: 5, kept: 3 }), one.taker, {
      positions: [position],
      log,
    })
    await catchUp.build(never)
    deepEqual([one.taken, one.forgotten], [taken, forgotten])
  }
})

test('a log that is made anew is forgotten, and what retention took is passed over', async () => {
  const log = aLog({ offsets: [0], end: 1, kept: 0 })
  const { forgotten, taker } = aTaker()
  const catchUp = new CatchUp(log, taker)
  await catchUp.build(never)
  catchUp.moved('t', 0, 1, 7)
  deepEqual([forgotten, catchUp.positions], [[], [7]])
  catchUp.moved('t', 0, 7, 0)
  deepEqual([forgotten, catchUp.positions], [[0], [0]])
})

test('how far it is, is told until it is there', async () => {
  const watch = new AbortController()
  const told: (string | null)[] = []
  const said = ({ done, of }: { done: number; of: number }): string => `${done} of ${of}`
  const telling = tellProgress(
    { topic: 't', progressOf: () => ({ done: 1, of: 2 }), said },
    (_topic, why) => void told.push(why),
    watch.signal,
  )
  watch.abort()
  await telling
  deepEqual(told, ['1 of 2'])
})
