import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { States } from '../../../src/worker/projection/states.ts'
import { aRecord, pairs } from '../../help/record.ts'

const sum = { init: () => 0, apply: (state: number, { data }: { data: unknown }) => state + (data as number) }
const added = (key: string, amount: number, offset: number, headers: Record<string, string> = {}) =>
  aRecord({
    key: Buffer.from(key),
    value: Buffer.from(String(amount)),
    offset: BigInt(offset),
    headers: pairs(headers),
  })

test('each key has a state of its own, and what does not count changes none', () => {
  const states = new States(sum, 10)
  equal(states.get('a').state, 0)
  equal(states.has('a'), false)
  states.take(added('a', 1, 0))
  states.take(added('b', 5, 1))
  states.take(added('a', 2, 2, { 'sluice-expected': '0' }))
  states.take(added('a', 100, 3, { 'sluice-expected': '0' }))
  states.take(aRecord({ key: null }))
  deepEqual(
    [states.get('a'), states.get('b').state, states.size, states.rejected],
    [{ version: 2, ids: [], state: 3 }, 5, 2, 1],
  )
})

test('what has changed is told once, and again when it could not be taken', () => {
  const states = new States(sum, 10)
  states.take(added('a', 1, 0))
  throws(() => {
    for (const change of states.changes()) throw new Error(`no place for ${change[0]}`)
  }, /no place for a/)
  deepEqual(
    [...states.changes()].map(([key]) => key),
    ['a'],
  )
  deepEqual([...states.changes()], [])
})

test('one key too many is refused', () => {
  const states = new States(sum, 1)
  states.take(added('a', 1, 0))
  throws(() => states.take(added('b', 1, 1)), /more than 1 keys/)
})
