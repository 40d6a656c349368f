import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { chmodSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentsOf } from '../../config/file.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-file-'))
const file = join(folder, 'a')

test('a text is read without its byte-order mark', () => {
  writeFileSync(file, '\ufeffä: 1\n')
  deepEqual(contentsOf(file), { text: 'ä: 1\n', trouble: null })
})

test('what cannot be read gives a reason instead', () => {
  const trouble = (path: string): string | null => contentsOf(path).trouble
  equal(trouble(join(folder, 'none')), 'is not there')
  equal(trouble(join(file, 'below')), 'is not there')
  equal(trouble(folder), 'is a directory, expected a file')
  equal(trouble('/dev/null'), 'is a device, expected a file')
  equal(trouble('a\0b')?.startsWith('cannot be read'), true)
  writeFileSync(file, new Uint8Array([0x61, 0xc3, 0x28]))
  equal(trouble(file), 'is not text in UTF-8')
  truncateSync(file, 4_194_305)
  equal(trouble(file), 'is larger than 4 MiB')
})

test('a file of somebody else is not read', { skip: process.getuid?.() === 0 && 'root may read everything' }, () => {
  writeFileSync(file, 'x')
  chmodSync(file, 0)
  equal(contentsOf(file).trouble, 'may not be read by this user')
})
