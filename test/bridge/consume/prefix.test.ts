import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { Prefix } from '../../../src/bridge/consume/prefix.ts'

test('whatever the order of finishing, the position stands after the last record with nothing unfinished before it', () => {
  const gaps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(gaps, fc.infiniteStream(fc.nat()), (gaps, choices) => {
      const done: bigint[] = []
      const prefix = new Prefix(next => done.push(next))
      let offset = 7n
      const offsets = gaps.map(gap => (offset += BigInt(gap)))
      const open = offsets.map(each => prefix.begin(each))
      const finished = new Set<bigint>()
      for (const choice of choices) {
        if (open.length === 0) break
        const [ticket] = open.splice(choice % open.length, 1)
        prefix.finish(ticket!)
        finished.add(ticket!.offset)
        const unfinished = offsets.findIndex(each => !finished.has(each))
        const length = unfinished < 0 ? offsets.length : unfinished
        equal(done.at(-1), length === 0 ? undefined : offsets[length - 1]! + 1n)
        equal(prefix.span, offsets.length - length)
      }
      deepEqual(
        done,
        [...new Set(done)].toSorted((a, b) => Number(a - b)),
        'it only grows',
      )
    }),
  )
})

test('a long run in order keeps nothing', () => {
  let last = 0n
  const prefix = new Prefix(next => (last = next))
  for (let offset = 0n; offset < 5_000n; offset++) prefix.finish(prefix.begin(offset))
  deepEqual([last, prefix.span], [5_000n, 0])
})
