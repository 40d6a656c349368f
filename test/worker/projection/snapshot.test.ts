import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { join } from 'node:path'
import { Snapshot } from '../../../src/worker/projection/snapshot.ts'
import type { Entry } from '../../../src/worker/projection/states.ts'
import { folder } from '../../help/folder.ts'

type State = Readonly<{ balance: number }>
const entry: Entry<State> = { version: 9, ids: ['a', 'b'], state: { balance: 5 } }

test('states and positions are there again after a restart, and only for the same topic and revision', t => {
  const file = join(folder(t), 'snapshot.db')
  const reopened = (topic: string, revision: string) => {
    using snapshot = new Snapshot<State>(file, topic, revision)
    return [[...snapshot.entries()], snapshot.positions]
  }
  {
    using snapshot = new Snapshot<State>(file, 'accounts', '1')
    snapshot.write([['Zoë', entry]], [3, 0, 7])
    snapshot.write([['x', { ...entry, version: 10 }]], [3, 1, 7])
  }
  deepEqual(reopened('accounts', '1'), [
    [
      ['Zoë', entry],
      ['x', { ...entry, version: 10 }],
    ],
    [3, 1, 7],
  ])
  deepEqual(reopened('accounts', '2'), [[], []])
  deepEqual(reopened('accounts', '1'), [[], []])
})

test('what cannot be written leaves the file as it was', t => {
  using snapshot = new Snapshot<unknown>(join(folder(t), 'snapshot.db'), 'accounts', '')
  snapshot.write([['a', entry]], [1])
  throws(() => snapshot.write([['b', { ...entry, state: 1n }]], [2]), /BigInt/)
  snapshot.write([['c', entry]], [3])
  deepEqual(
    [...snapshot.entries()].map(([key]) => key),
    ['a', 'c'],
  )
})
