import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { Lanes } from '../../../src/bridge/consume/lanes.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('any tasks in any lanes: each runs once, in the order of its lane, never more at once than the slots, and all that can', async () => {
  const lanes = fc.array(fc.constantFrom('a', 'b', 'c', null), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      lanes,
      fc.integer({ min: 1, max: 5 }),
      fc.infiniteStream(fc.nat()),
      async (lanes, slots, choices) => {
        const under = new Lanes(slots)
        const begun: number[] = []
        const running: { i: number; end: () => void }[] = []
        lanes.forEach((lane, i) =>
          under.add(lane, () => {
            begun.push(i)
            const { promise, resolve, reject } = Promise.withResolvers<void>()
            running.push({ i, end: i % 7 === 0 ? () => reject(new Error('failed')) : resolve })
            return promise
          }),
        )
        const ended = new Set<number>()
        for (const choice of choices) {
          equal(under.running, running.length)
          const open = lanes.filter((_, i) => !ended.has(i))
          const could = new Set(open.filter(lane => lane !== null)).size + open.filter(lane => lane === null).length
          equal(running.length, Math.min(slots, could))
          if (running.length === 0) break
          const [task] = running.splice(choice % running.length, 1)
          ended.add(task!.i)
          task!.end()
          await turn()
        }
        equal(begun.length, lanes.length)
        for (const lane of ['a', 'b', 'c']) {
          const order = begun.filter(i => lanes[i] === lane)
          deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          )
        }
        equal(under.size, 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('cleared, what runs ends and nothing else begins, and a lane can be used again', async () => {
  const lanes = new Lanes(1)
  const begun: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const task =
    (name: string, until = Promise.resolve()) =>
    (): Promise<void> => {
      begun.push(name)
      return until
    }
  lanes.add('a', task('first', promise))
  lanes.add('a', task('second'))
  lanes.add('b', task('third'))
  lanes.add(null, task('fourth'))
  lanes.clear()
  resolve()
  await turn()
  deepEqual([begun, lanes.running], [['first'], 0])
  lanes.add('b', task('fifth'))
  lanes.add('a', task('sixth'))
  await turn()
  deepEqual([begun, lanes.size], [['first', 'fifth', 'sixth'], 0])
})
