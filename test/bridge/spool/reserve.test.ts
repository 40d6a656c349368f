import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { mkdirSync, statSync } from 'node:fs'
import { isFull, Reserve } from '../../../src/bridge/spool/reserve.ts'
import { Table } from '../../../src/bridge/spool/table.ts'
import { smallDisk } from '../../durability/disk.ts'
import { folder } from '../../help/folder.ts'
import { loudly } from '../../help/loud.ts'

test('the room is held until it is given up, over restarts too', t => {
  const file = `${folder(t)}/reserve`
  const reserve = new Reserve(file, 5_000)
  equal(reserve.held, false)
  reserve.hold()
  equal(statSync(file).size, 5_000)
  ok(new Reserve(file, 5_000).held)
  reserve.release()
  equal(new Reserve(file, 5_000).held, false)
})

test('room that cannot be had is told as a full disk', t => {
  const path = `${folder(t)}/none`
  const reserve = new Reserve(`${path}/reserve`, 5_000)
  throws(() => reserve.hold(), isFull)
  mkdirSync(path)
  reserve.hold()
  ok(reserve.held)
})

test('on a disk that got full nothing more is kept, but all is read and removed; then there is room again', t => {
  const disk = smallDisk(t, 24)
  if (disk === null)
    return loudly('WITHOUT A SMALL DISK: nobody looks what a full one does, as mounting it needs root.')
  const row = { topic: 'signals', key: null, value: Buffer.alloc(3_000), headers: '[]', acks: 'all', at: 1 } as const
  const file = `${disk.path}/spool`
  using table = new Table(file)
  table.append(Array.from({ length: 200 }, () => row))
  disk.fill(0)
  let kept = 200
  throws(() => {
    for (; kept < 10_000; kept++) table.append([row])
  }, isFull)
  const rows = table.waiting(0, 10_000)
  equal(rows.length, kept)
  const reserve = new Reserve(`${file}-reserve`, 8_192_000)
  ok(reserve.held)
  table.remove(rows.map(({ seq }) => seq))
  deepEqual([table.waiting(0, 10), reserve.held], [[], false])
  throws(() => table.append([row]), isFull) // as long as nobody has made room
  disk.free()
  table.append([row])
  ok(reserve.held)
})
