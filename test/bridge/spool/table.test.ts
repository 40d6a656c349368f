import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { holdFile, Table } from '../../../src/bridge/spool/index.ts'
import { overheadBytes } from '../../../src/bridge/spool/table.ts'
import { folder } from '../../help/folder.ts'

const row = {
  topic: 'signals',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: '[]',
  acks: 'all',
  at: 1_000,
} as const

test('rows come back in their order, without those of topics that are left out', t => {
  using table = new Table(`${folder(t)}/spool`)
  table.append([row, { ...row, topic: 'lamps', key: null, value: null }, { ...row, at: 3_000 }])
  deepEqual(
    table.waiting(0, 10).map(({ seq, topic, at, key }) => [seq, topic, at, key === null]),
    [
      [1, 'signals', 1_000, false],
      [2, 'lamps', 1_000, true],
      [3, 'signals', 3_000, false],
    ],
  )
  deepEqual(
    table.waiting(0, 10, ['signals']).map(({ seq }) => seq),
    [2],
  )
  deepEqual(
    table.waiting(1, 1).map(({ seq }) => seq),
    [2],
  )
})

test('those that have a header are found, from any place in their order, but for what is put aside', t => {
  using table = new Table(`${folder(t)}/spool`)
  const marked = { ...row, headers: '[["mark","x"]]' }
  table.append([marked, { ...row, headers: '[["other","mark"]]' }, row, marked, marked])
  const found = (after: number, most: number): readonly number[] =>
    table.waitingWith('mark', after, most).map(({ seq }) => seq)
  deepEqual(found(0, 2), [1, 2]) // a value may be the same text
  deepEqual(found(2, 10), [4, 5])
  table.reject(5, 'too large')
  deepEqual(found(1, 10), [2, 4])
})

test('what is put aside no longer waits, but is still there', t => {
  using table = new Table(`${folder(t)}/spool`)
  table.append([row, row])
  table.reject(1, 'too large')
  deepEqual(
    table.waiting(0, 10).map(({ seq }) => seq),
    [2],
  )
  deepEqual(
    table.all(0, 10).map(({ seq, reason }) => [seq, reason]),
    [
      [1, 'too large'],
      [2, null],
    ],
  )
  const bytes = overheadBytes + 4
  deepEqual(
    { ...table.totals(), topics: table.totals().topics.map(topic => ({ ...topic })) },
    { topics: [{ topic: 'signals', records: 1, bytes }], oldest: 1_000, rejected: 1, bytes: 2 * bytes },
  )
})

test('a group is kept whole or not at all', t => {
  using table = new Table(`${folder(t)}/spool`)
  const broken = { ...row, topic: null as unknown as string }
  throws(() => table.append([row, broken]), /NOT NULL/)
  equal(table.waiting(0, 10).length, 0)
  table.append([row])
  equal(table.waiting(0, 10).length, 1)
})

test('numbers are never given twice, also when the last one is gone', t => {
  const file = `${folder(t)}/spool`
  {
    using table = new Table(file)
    table.append([row, row])
    table.remove([1, 2])
  }
  using table = new Table(file)
  table.append([row])
  equal(table.waiting(0, 10)[0]?.seq, 3)
})

test('a file is held by one at a time, and may be read beside it', t => {
  const file = `${folder(t)}/spool`
  const held = holdFile(file)
  throws(() => holdFile(file), /Another process holds/)
  using table = new Table(file)
  table.append([row])
  using reader = new Table(file, { readOnly: true })
  equal(reader.all(0, 10).length, 1)
  held[Symbol.dispose]()
  holdFile(file)[Symbol.dispose]()
})
