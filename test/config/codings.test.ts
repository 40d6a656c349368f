import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (route: string): string =>
  format(parse(`routes:\n  a: { match: POST /, ${route} }`, 'f').mistakes).replaceAll(/^f:\d+:\d+ {2}routes\.a\./gm, '')

test('a coding is undone or passed on, not both', () => {
  equal(said('event: { topic: a, key: body.id }, decode: [gzip, zstd], compress: {}'), '')
  equal(
    said('event: { topic: a }, decode: [br, gzip], contentEncodings: [gzip]'),
    'decode.1: found gzip, which contentEncodings passes on as it is: expected it in one of both',
  )
})

test('what is read as it comes is not decoded, and what has no end is not compressed', () => {
  equal(
    said('event: { topic: a, batch: {} }, decode: [gzip]'),
    'decode: found beside event.batch, whose events are read as they come: expected just one',
  )
  equal(
    said('stream: { topics: [a] }, compress: {}').split('\n').at(-1),
    'compress: found on a stream, which is never compressed: expected on other routes',
  )
})
