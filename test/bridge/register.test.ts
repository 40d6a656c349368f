import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Register } from '../../src/bridge/register.ts'
import type { Entry } from '../../src/bridge/register.ts'
import { heapOf } from '../help/heap.ts'

class Guest implements Entry<Guest> {
  readonly sequence: number
  readonly load: unknown
  behind: Guest | null = null

  constructor(sequence: number, load: unknown = null) {
    this.sequence = sequence
    this.load = load
  }
}

const sequences = fc.oneof(
  fc.nat(20),
  fc.nat(20).map(n => n * 1_024), // all in the same place
  fc.nat(3_000),
  fc.nat(20).map(n => 2 ** 32 + n),
)
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('add' as const), sequence: sequences }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), sequence: sequences }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('many' as const), sequence: fc.nat(3_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), sequence: fc.constant(0) }) },
  ),
  { maxLength: 60 },
)

test('it holds what a map would hold', () => {
  fc.assert(
    fc.property(steps, course => {
      const [register, model] = [new Register<Guest>(), new Map<number, Guest>()]
      const add = (sequence: number): void => {
        const guest = model.get(sequence) ?? new Guest(sequence)
        register.add(guest)
        model.set(sequence, guest)
      }
      for (const { do: what, sequence } of course) {
        if (what === 'add') add(sequence)
        else if (what === 'many') for (let n = 0; n < sequence; n++) add(n)
        else if (what === 'delete') {
          register.delete(model.get(sequence) ?? new Guest(sequence))
          model.delete(sequence)
        } else {
          const all = register.clear()
          equal(new Set(all).size, all.length)
          deepEqual(new Set(all), new Set(model.values()))
          model.clear()
        }
        equal(register.size, model.size)
        equal(register.get(sequence), model.get(sequence) ?? null)
      }
      for (const [sequence, guest] of model) equal(register.get(sequence), guest)
    }),
    { numRuns: 200 },
  )
})

test('what is no number of anybody finds nobody', () => {
  const register = new Register<Guest>()
  register.add(new Guest(0))
  for (const sequence of [Number.NaN, -1, 0.5, Infinity, 2 ** 60]) equal(register.get(sequence), null)
})

test('who has left holds nobody who stood behind', () => {
  const register = new Register<Guest>()
  const [first, second] = [new Guest(0), new Guest(1_024)]
  register.add(first)
  register.add(second) // in front of the first, as they come from below
  register.delete(second)
  equal(second.behind, null)
  equal(register.get(0), first)
})

test('another one with the same number takes nobody away', () => {
  const register = new Register<Guest>()
  const [inside, stranger] = [new Guest(7), new Guest(7)]
  register.add(inside)
  register.delete(stranger)
  equal(register.get(7), inside)
  equal(register.size, 1)
})

test('a hundred thousand who have left leave nothing', async () => {
  const register = new Register<Guest>()
  const fill = (): Guest[] => Array.from({ length: 100_000 }, (_, n) => new Guest(n, [n, n, n, n, n, n, n, n]))
  const held = await heapOf(() => {
    for (const guest of fill()) register.add(guest)
    return register
  })
  ok(held > 5e6, `${held} bytes while they are inside`)
  const left = await heapOf(() => {
    for (const guest of register.clear()) register.add(guest)
    for (const guest of register.clear()) register.delete(guest)
    return register
  })
  ok(held + left < held / 5, `${held + left} bytes afterwards`)
})
