import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdirSync, rmdirSync } from 'node:fs'
import { DiskError, diskOf } from '../../../src/bridge/spool/disk.ts'
import { folder } from '../../help/folder.ts'

const row = { topic: 'signals', key: null, value: null, headers: '[]', acks: 'all', at: 1 } as const

test('what a thread has put on disk is found by another', async t => {
  const file = `${folder(t)}/spool`
  {
    await using disk = diskOf(file)
    await disk.append([row, row])
    await disk.remove([1])
  }
  await using disk = diskOf(file)
  deepEqual(
    (await disk.waiting(10, [])).map(({ seq }) => seq),
    [2],
  )
  await disk.reject(2, 'no')
  const { topics, rejected } = await disk.totals()
  deepEqual([topics.length, rejected], [0, 1])
})

test('a disk that fails says that it has done nothing, and heals by itself', async t => {
  const file = `${folder(t)}/spool`
  mkdirSync(file) // no database can be opened there
  await using disk = diskOf(file)
  await rejects(disk.append([row]), (error: DiskError) => error instanceof DiskError && error.unchanged)
  rmdirSync(file)
  await disk.append([row])
  equal((await disk.waiting(10, [])).length, 1)
})
