import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { parse } from '../../config/load.ts'

const told = (route: string): readonly string[] =>
  parse(`routes:\n  feed:\n    ${route}\n`, 'gateway.yaml').mistakes.map(({ message }) => message)

test('a stream is read by GET, and its filters compare with what there is', () => {
  deepEqual(
    told('{ match: GET /orders/:id, stream: { topics: [orders], filter: [{ of: key, equals: path.id }] } }'),
    [],
  )
  deepEqual(told('{ match: POST /orders, stream: { topics: [orders] } }'), [
    'found "POST /orders", expected GET: a stream is only read',
  ])
  deepEqual(told('{ match: GET /orders/:id, stream: { topics: [orders], filter: [{ of: key, equals: path.ip }] } }'), [
    'found "path.ip", but the path of match has no :ip, did you mean `id`?',
  ])
  deepEqual(told('{ match: GET /o, stream: { topics: [orders], filter: [{ of: key, equals: query.from }] } }'), [
    'found "query.from", but from, until, lastEventId say where a stream begins and ends: expected another name',
  ])
  deepEqual(told('{ match: GET /o, stream: { topics: [orders], filter: [{ of: key }] } }'), [
    'found none of equals, value, expected just one',
  ])
  deepEqual(told('{ match: GET /o, stream: { topics: [orders], filter: [{ of: key, equals: query.a, value: b }] } }'), [
    'found beside equals, expected just one of equals, value',
  ])
})

test('a view is read by GET, and the names of its indices are its own', () => {
  deepEqual(told('{ match: GET /o/:id, view: { topic: orders, key: path.id } }'), [])
  deepEqual(told('{ match: POST /o, view: { topic: orders } }'), ['found "POST /o", expected GET: a view is only read'])
  deepEqual(told('{ match: GET /o, view: { topic: orders, index: { limit: /a } } }'), [
    'found "limit", but limit, cursor, prefix are parameters of every list: expected another name',
  ])
  deepEqual(told('{ match: GET /o, view: { topic: orders, as: cloudevents } }'), [
    'found `cloudevents` without `key`, expected only beside it: a list has no headers for each',
  ])
  deepEqual(told('{ match: GET /o, view: { topic: orders, maxPageSize: 10 } }'), [
    'found 100, expected at most maxPageSize, which is 10',
  ])
  deepEqual(told('{ match: GET /o/:id, view: { topic: orders, key: path.ip } }'), [
    'found "path.ip", but the path of match has no :ip, did you mean `id`?',
  ])
})

test('the topic of the replies is told to nobody', () => {
  deepEqual(told('{ match: GET /o, stream: { topics: [gateway.replies] } }'), [
    'found "gateway.replies", which is replies.topic, expected another',
  ])
})
