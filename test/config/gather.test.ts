import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (gather: string, core = 'command: { to: a }', more = ''): string =>
  format(
    parse(
      `workers: { a: { topic: a }, b: { topic: b } }\nroutes: { r: { match: POST /, ${core}, gather: ${gather}${more} } }`,
      'f',
    ).mistakes,
  )

test('a command is gathered from several workers that there are', () => {
  equal(said('{ also: [b], complete: 2, minimum: 1 }'), '')
  equal(said('{ partitions: true, complete: 40 }', 'query: { to: a }'), '')
  match(said('{}'), /gather: found with one worker, expected more in also/)
  match(said('{ also: [c] }'), /also\.0: found "c", which is no worker/)
  match(said('{ also: [b, a] }'), /also\.1: found "a" twice/)
  match(said('{ also: [b], complete: 3 }'), /complete: found 3, expected at most 2/)
  match(said('{ also: [b], until: { equals: 1 } }'), /equals: found without of/)
})

test('a route that gathers awaits replies, and is no operation', () => {
  match(said('{ also: [b] }', 'event: { topic: t }'), /gather: found on a route without a reply/)
  match(said('{ also: [b] }', 'command: { to: a }', ', async: offer'), /async: found beside gather/)
})
