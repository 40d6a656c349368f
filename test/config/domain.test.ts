import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (route: string, replies = '{ topic: events, outcomes: { Placed: 201 } }'): string =>
  format(
    parse(`workers: { orders: { topic: o } }\nroutes: { a: { match: POST /, ${route}, replies: ${replies} } }`, 'f')
      .mistakes,
  )
const command = 'command: { to: orders, key: body.id }'

test('domain events answer commands and queries that have a key, or whose id they hand on', () => {
  equal(said(command), '')
  equal(said('query: { to: orders, key: body.id }'), '')
  equal(said('command: { to: orders }', '{ topic: e, match: header.x, equals: id, outcomes: { Placed: 201 } }'), '')
  match(said('command: { to: orders }'), /replies: found on a command without a key, by which its event would be known/)
  match(said('event: { topic: t }'), /replies: found on a route that awaits no reply/)
})

test('an outcome is a status, and there is at least one', () => {
  match(said(command, '{ topic: e, outcomes: {} }'), /expected at least one type of event/)
  match(said(command, '{ topic: e, outcomes: { Placed: 100 } }'), /outcomes\.Placed: found 100/)
  match(said(command, '{ topic: e, outcomes: { Placed: 201 }, match: body.id }'), /one of key, header\.<name>/)
})

test('what is answered by domain events is sent once, and is no operation', () => {
  equal(said(`${command}, async: off, onTimeout: fail`), '')
  match(said(`${command}, onTimeout: accept`), /onTimeout: found beside replies, which are domain events/)
  match(said(`${command}, idempotency: {}`), /idempotency: found beside replies/)
})
