import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { Problem } from '../../../src/problem.ts'
import { Splitter, elements, lines } from '../../../src/routes/events/split.ts'
import type { Framing, Piece } from '../../../src/routes/events/split.ts'

const told = (piece: Piece): string => (piece instanceof Problem ? `! ${piece.message}` : piece.toString())

/** What is cut out of a body that comes in chunks of so many bytes. */
function cut(framing: Framing, body: string, size = body.length, limit = 1_000): readonly string[] {
  const splitter = new Splitter(framing, limit)
  const found: string[] = []
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += Math.max(1, size)) {
    splitter.push(bytes.subarray(at, at + Math.max(1, size)))
    for (let piece = splitter.next(); piece !== null; piece = splitter.next()) found.push(told(piece))
  }
  const last = splitter.finish()
  return last === null ? found : [...found, told(last)]
}

test('each line is an event, an empty one is none, and the last needs no end', () => {
  deepEqual(cut(lines(), '{"a":1}\n\r\n {"b":2}\r\n\n{"c":3}'), ['{"a":1}', '{"b":2}', '{"c":3}'])
  deepEqual(cut(lines(), '{"a":1}\n'), ['{"a":1}'])
})

test('each element of an array is an event, whatever brackets and quotes it holds', () => {
  deepEqual(cut(elements(), ' [ {"a":"],[}\\"" , "b":[1,[2]]} ,"x,]", 3.0 ]\n'), [
    '{"a":"],[}\\"" , "b":[1,[2]]}',
    '"x,]"',
    '3.0',
  ])
  deepEqual(cut(elements(), '[]'), [])
  deepEqual(cut(elements(), ' [ ] '), [])
})

test('what is no array is one event, with every byte of it', () => {
  const splitter = new Splitter(elements(), 100)
  splitter.push(Buffer.from(' {"a":'))
  equal(splitter.next(), null)
  splitter.push(Buffer.from('[1,2]}\n'))
  equal(splitter.next(), null)
  equal(told(splitter.finish() as Piece), ' {"a":[1,2]}\n')
  equal(splitter.alone, true)
})

test('an array that does not end, or after which something stands, is told as the last piece', () => {
  deepEqual(cut(elements(), '[{"a":1},{"b":'), ['{"a":1}', '! The array does not end.'])
  deepEqual(cut(elements(), '[{"a":1}'), ['! The array does not end.'])
  deepEqual(cut(elements(), '[1] 2'), ['1', '! Something stands behind the array.'])
  deepEqual(cut(elements(), '[1,,2,]'), [
    '1',
    '! Between two commas stands nothing.',
    '2',
    '! Between two commas stands nothing.',
  ])
  deepEqual(cut(elements(), ' '), ['! The body is empty.'])
})

test('an event beyond the limit is refused alone, and not kept', () => {
  const large = `"${'x'.repeat(50)}"`
  deepEqual(cut(lines(), `1\n${large}\n2`, 7, 20), ['1', '! The event is larger than 20 bytes.', '2'])
  deepEqual(cut(elements(), `[1,${large},2]`, 7, 20), ['1', '! The event is larger than 20 bytes.', '2'])
})

test('however a body is cut into chunks, its events are the same bytes', () => {
  const values = fc.array(fc.json({ maxDepth: 3 }), { maxLength: 20 })
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 40 }), (texts, size) => {
      const limit = 100_000
      deepEqual(cut(elements(), `[${texts.join(', ')}]`, size, limit), texts)
      deepEqual(cut(lines(), texts.map(text => `${text}\n`).join(''), size, limit), texts)
    }),
  )
})
