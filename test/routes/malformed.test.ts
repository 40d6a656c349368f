import { test } from 'node:test'
import { equal, match, ok, rejects } from 'node:assert/strict'
import { heldService } from '../help/service.ts'
import { open, problemOf, wire } from './front.ts'

const post = (head: string, body: string): string => `POST /signals HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}`
const chunked = 'Transfer-Encoding: chunked'

const attacks: readonly (readonly [string, string, number])[] = [
  ['a length and chunks', post(`Content-Length: 4\r\n${chunked}`, '0\r\n\r\n'), 400],
  ['chunks and a length', post(`${chunked}\r\nContent-Length: 4`, '0\r\n\r\n'), 400],
  ['two lengths', post('Content-Length: 4\r\nContent-Length: 5', 'abcde'), 400],
  ['the same length twice', post('Content-Length: 4\r\nContent-Length: 4', 'abcd'), 400],
  ['a list of lengths', post('Content-Length: 4, 4', 'abcd'), 400],
  ['a signed length', post('Content-Length: +4', 'abcd'), 400],
  ['an endless length', post('Content-Length: 99999999999999999999', 'abcd'), 400],
  ['chunks, then none', post('Transfer-Encoding: chunked, identity', '0\r\n\r\n'), 400],
  ['chunks twice', post(`${chunked}\r\n${chunked}`, '0\r\n\r\n'), 400],
  ['a space before the colon', post('Transfer-Encoding : chunked', '0\r\n\r\n'), 400],
  ['a control character before the coding', post('Transfer-Encoding: \u000bchunked', '0\r\n\r\n'), 400],
  ['a folded header', 'GET /orders/1 HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', 400],
  ['NUL in a header', 'GET /orders/1 HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400],
  ['CR in a header', 'GET /orders/1 HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n', 400],
  ['LF alone', 'GET /orders/1 HTTP/1.1\nHost: a\n\n', 400],
  ['an unknown version', 'GET /orders/1 HTTP/1.2\r\nHost: a\r\n\r\n', 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
  ['a URL of 100 KB', `GET /orders/${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ['headers of 100 KB', `GET /orders/1 HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`, 431],
]

for (const [what, text, status] of attacks)
  test(`${what}: ${status} as a problem, then the connection is closed`, async t => {
    const { front, calls, finished } = await open(t)
    const client = wire(front)
    client.send(Buffer.from(`${text}GET /orders/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1'))
    const answer = await client.answer()
    equal(answer.status, status)
    equal(answer.headers['content-type'], 'application/problem+json')
    equal(answer.headers['connection'], 'close')
    equal(answer.headers['sluice-outcome'], 'not-sent')
    const problem = problemOf(answer)
    equal(problem['status'], status)
    equal(problem['instance'], `urn:uuid:${answer.headers['sluice-call-id']}`)
    await client.closed
    equal(calls.length, 0)
    equal(finished.length, 1)
  })

const brokenBodies: readonly (readonly [string, string, number])[] = [
  ['a chunk without a size', post(chunked, 'zz\r\n'), 400],
  ['a chunk with an endless size', post(chunked, 'fffffffffffffffff\r\nx\r\n'), 400],
  ['a chunk after LF alone', post(chunked, '1\nx\n0\n\n'), 400],
  ['20 KB of chunk extensions', post(chunked, `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`), 413],
  ['40 KB of trailers', post(chunked, `1\r\nx\r\n0\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`), 431],
]
for (const [what, text, status] of brokenBodies)
  test(`${what}: ${status}, and no call`, async t => {
    const { front, calls, finished } = await open(t)
    const client = wire(front)
    client.send(text)
    const answer = await client.answer()
    equal(answer.status, status)
    equal(answer.headers['connection'], 'close')
    equal(calls.length, 0)
    equal(finished.length, 1, 'the request whose body it was, and nothing more')
    equal(finished[0]?.route, 'signal')
  })

test('what breaks a connection is never the answer to a request that waits on it', async t => {
  const { service, taken } = heldService()
  const { front, calls } = await open(t, { service })
  const client = wire(front)
  client.send('GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n')
  await rejects(client.answer(), /The connection ended with ""/)
  equal(calls.length, 1)
  ok(taken[0]?.call.signal.aborted)
  match(String(taken[0]?.call.signal.reason), /did not wait/)
})

test('a connection that says nothing valid for long is answered once', async t => {
  const { front, finished } = await open(t)
  const client = wire(front)
  for (let i = 0; i < 20; i++) client.send('nonsense\r\n\r\n')
  equal((await client.answer()).status, 400)
  await client.closed
  equal(finished.length, 1)
})
