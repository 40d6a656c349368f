import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { open, problemOf, wire } from './front.ts'

const head = (...lines: string[]): string =>
  `GET /orders/o-1 HTTP/1.1\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n`

const refused: readonly (readonly [string, string, number, string])[] = [
  ['two hosts', head('Host: a', 'hOST: b'), 400, 'invalid-request'],
  ['no host', head('Accept: */*'), 400, 'invalid-request'],
  ['a URL of 9,000 bytes', `GET /orders/${'a'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, 'url-too-long'],
  ['a header of 17,000 bytes', head('Host: a', `X: ${'a'.repeat(17_000)}`), 431, 'headers-too-large'],
  ['101 headers', head('Host: a', ...Array.from({ length: 100 }, () => 'X: a')), 431, 'headers-too-large'],
  ['1,500 headers', head('Host: a', ...Array.from({ length: 1_499 }, () => 'X: a')), 431, 'headers-too-large'],
  ['an expectation', head('Host: a', 'Expect: rain'), 400, 'invalid-request'],
  [
    'gzip, chunked',
    'POST /signals HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    400,
    'invalid-request',
  ],
  [
    'xchunked',
    'POST /signals HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    400,
    'invalid-request',
  ],
  [
    'chunks in HTTP/1.0',
    'POST /signals HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
    'invalid-request',
  ],
  ['..%2f', 'GET /orders/..%2fadmin HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'invalid-request'],
  ['%5c', 'GET /orders/%5c HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'invalid-request'],
  ['%00', 'GET /orders/a%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'invalid-request'],
  ['..', 'GET /orders/../orders/1 HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'invalid-request'],
  ['no path', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'invalid-request'],
]

for (const [what, text, status, code] of refused)
  test(`${what}: ${status}, and the connection is closed with no call made, not even for what is smuggled in behind`, async t => {
    const { front, calls, finished } = await open(t)
    const client = wire(front)
    client.send(`${text}GET /orders/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    const answer = await client.answer()
    equal(answer.status, status)
    equal(answer.headers['connection'], 'close')
    equal(answer.headers['sluice-outcome'], 'not-sent')
    match(answer.headers['sluice-call-id'] ?? '', /^[0-9a-f-]{36}$/)
    equal(problemOf(answer)['code'], code)
    await client.closed
    equal(calls.length, 0)
    deepEqual(
      finished.map(({ route, status, call }) => ({ route, status, call })),
      [{ route: 'none', status, call: null }],
    )
  })

test('an absolute target, an old client without a host and 100 headers are served', async t => {
  const { front, calls } = await open(t)
  const client = wire(front)
  client.send('GET http://elsewhere/orders/o-1?q=1 HTTP/1.1\r\nHost: a\r\n\r\n')
  equal((await client.answer()).status, 200)
  equal(calls[0]?.told.path, '/orders/o-1')
  client.send(head('Host: a', ...Array.from({ length: 99 }, () => 'X: a')))
  equal((await client.answer()).status, 200)
  client.send('GET /orders/o-1 HTTP/1.0\r\n\r\n')
  equal((await client.answer()).status, 200)
  await client.closed
})
