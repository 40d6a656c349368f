import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { comparison } from '../../../src/resilience/strangler/compare.ts'
import type { Pair, Reply } from '../../../src/call.ts'

const reply = (body: unknown, over: Partial<Reply> = {}): Reply => ({
  status: 200,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  ...over,
})

test('answers that mean the same are the same, however they are written', () => {
  const differences = comparison([], ['etag'])
  deepEqual(differences(reply('{"a":1,"b":[1,{"c":null}]}'), reply('{ "b": [1, {"c": null}], "a": 1 }')), [])
})

test('a difference is named by its place', () => {
  const differences = comparison([], ['etag'])
  deepEqual(differences(reply({ a: 1, b: [1, 2] }), reply({ a: 2, b: [1], 'c/d': 0 }, { status: 201 })), [
    'status',
    '/a',
    '/b/1',
    '/c~1d',
  ])
  const headers: readonly Pair[] = [
    ['content-type', 'application/json'],
    ['etag', '"1"'],
  ]
  deepEqual(differences(reply({}, { headers }), reply({})), ['header etag'])
  deepEqual(differences(reply('a', { headers: [] }), reply('b', { headers: [] })), ['body'])
  deepEqual(differences(reply([1]), reply({ 0: 1 })), ['/'])
})

test('what is ignored is not compared, and what is below it', () => {
  const differences = comparison(['/items/*/id', '/at', 'header.etag'], ['etag'])
  const headers: readonly Pair[] = [
    ['content-type', 'application/json'],
    ['etag', '"1"'],
  ]
  deepEqual(
    differences(
      reply({ items: [{ id: { a: 1 }, n: 1 }], at: 5 }, { headers }),
      reply({ items: [{ id: 2, n: 1 }], at: 6 }),
    ),
    [],
  )
  deepEqual(differences(reply({ items: [{ id: 1, n: 1 }], att: 5 }), reply({ items: [{ id: 2, n: 2 }], att: 6 })), [
    '/items/0/n',
    '/att',
  ])
})
