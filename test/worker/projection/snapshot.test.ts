import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { join } from 'node:path'
import { nothingKept } from '../../../src/bridge/past.ts'
import { Snapshot } from '../../../src/worker/projection/snapshot.ts'
import type { Entry } from '../../../src/worker/projection/states.ts'
import { folder } from '../../help/folder.ts'

type State = Readonly<{ balance: number }>
const entry: Entry<State> = { version: 9, ids: ['a', 'b'], state: { balance: 5 } }

test('states and positions are there again after a restart, and only for the same topic and revision', t => {
  const file = join(folder(t), 'snapshot.db')
  const reopened = (topic: string, revision: string) => {
    using snapshot = new Snapshot<State>(file, topic, revision)
    return [[...snapshot.entries()], snapshot.kept]
  }
  {
    using snapshot = new Snapshot<State>(file, 'accounts', '1')
    snapshot.write([['Zoë', entry]], { positions: [3, 0, 7], log: 4 })
    snapshot.write([['x', { ...entry, version: 10 }]], { positions: [3, 1, 7], log: 4 })
  }
  deepEqual(reopened('accounts', '1'), [
    [
      ['Zoë', entry],
      ['x', { ...entry, version: 10 }],
    ],
    { positions: [3, 1, 7], log: 4 },
  ])
  deepEqual(reopened('accounts', '2'), [[], nothingKept])
  deepEqual(reopened('accounts', '1'), [[], nothingKept])
})

test('what cannot be written leaves the file as it was', t => {
  using snapshot = new Snapshot<unknown>(join(folder(t), 'snapshot.db'), 'accounts', '')
  snapshot.write([['a', entry]], { positions: [1], log: 0 })
  throws(() => snapshot.write([['b', { ...entry, state: 1n }]], { positions: [2], log: 0 }), /BigInt/)
  snapshot.write([['c', entry]], { positions: [3], log: 0 })
  deepEqual(
    [...snapshot.entries()].map(([key]) => key),
    ['a', 'c'],
  )
})
