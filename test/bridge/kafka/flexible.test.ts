import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Malformed, Reader, Writer } from '../../../src/bridge/kafka/bytes.ts'
import {
  compactLength,
  compactString,
  readArray,
  readLength,
  readText,
  skipText,
  tags,
} from '../../../src/bridge/kafka/flexible.ts'

const written = (write: (out: Writer) => void): Reader => {
  const out = new Writer(16)
  write(out)
  return new Reader(Buffer.from(out.bytes))
}

test('lengths and texts are read as they were written, and null is no text', () => {
  for (const length of [-1, 0, 1, 126, 127, 128, 16_383, 16_384, 2_000_000])
    equal(readLength(written(out => compactLength(out, length))), length)
  const from = written(out => {
    for (const text of ['', 'a', 'ö'.repeat(100)]) compactString(out, text)
    compactLength(out, -1)
  })
  deepEqual([readText(from), readText(from)], ['', 'a'])
  skipText(from)
  equal(readText(from), '')
  equal(from.left, 0)
})

test('tagged fields are passed, whatever they are', () => {
  const from = written(out => out.raw(Buffer.from([2, 0, 1, 0xff, 9, 2, 1, 2, 42])))
  tags(from)
  equal(from.int8(), 42)
})

test('a list that promises more than there is, is malformed', () => {
  const from = written(out => compactLength(out, 5))
  throws(() => readArray(from, () => from.int32()), Malformed)
})
