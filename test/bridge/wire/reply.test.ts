import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { dialectNames } from '../../../src/bridge/wire/dialect.ts'
import type { Dialect } from '../../../src/bridge/wire/dialect.ts'
import { replyReader, waitAsked } from '../../../src/bridge/wire/reply.ts'
import type { Headers } from '../../../src/bridge/broker.ts'
import type { Reply } from '../../../src/call.ts'
import { aRecord, bytes, pairs } from '../../help/record.ts'
import { dialects } from '../../help/wire.ts'

const read = (over: Parameters<typeof aRecord>[0], dialect: Dialect = 'sluice', contentType?: string): Reply =>
  replyReader({ dialect, maxReplyBytes: 1_000, contentType })(aRecord(over), 'orders')
const custom = dialects.at(-1)![1]

test('a reply says whether and when its command may be sent again', () => {
  const asked = (headers: Readonly<Record<string, string>>): number | null => {
    const record = aRecord({ headers: pairs(headers) })
    return waitAsked(record, replyReader({ dialect: 'sluice', maxReplyBytes: 1_000 })(record, 'orders'))
  }
  equal(asked({ 'sluice-status': '503' }), 0)
  equal(asked({ 'http-header-retry-after': '2' }), 2_000)
  equal(asked({ 'http-header-retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }), null, 'nobody knows when that is')
  equal(asked({ 'sluice-retry': 'no' }), null)
  equal(asked({ 'sluice-retry': ' NO', 'http-header-retry-after': '2' }), null)
  equal(asked({ 'sluice-retry': 'yes' }), 0)
})

test('a reply without a status is 200, and a tombstone an empty body', () => {
  const reply = read({ value: null })
  equal(reply.status, 200)
  equal(reply.body.length, 0)
})

const garbled: readonly [string, Parameters<typeof aRecord>[0]][] = [
  ['status 99', { headers: pairs({ 'sluice-status': '99' }) }],
  ['status 101', { headers: pairs({ 'sluice-status': '101' }) }],
  ['status 600', { headers: pairs({ 'sluice-status': '600' }) }],
  ['a status that is no number', { headers: pairs({ 'sluice-status': '2oo' }) }],
  ['an empty status', { headers: pairs({ 'sluice-status': '' }) }],
  ['CR/LF in a header', { headers: pairs({ 'http-header-location': '/\r\nset-cookie: a=b' }) }],
  ['NUL in a header', { headers: pairs({ 'content-type': 'text/plain\0' }) }],
  ['a header name with a space', { headers: pairs({ 'http-header-a b': 'x' }) }],
  ['a header without a name', { headers: pairs({ 'http-header-': 'x' }) }],
  ['a body over the limit', { value: Buffer.alloc(11) }],
  ['too many headers', { headers: Array.from({ length: 65 }, (_, i) => [`http-header-h${i}`, bytes('x')] as const) }],
]
for (const [what, over] of garbled)
  test(`a reply with ${what} is bad-reply`, () => {
    throws(() => replyReader({ dialect: 'sluice', maxReplyBytes: 10 })(aRecord(over), 'orders'), {
      code: 'bad-reply',
      outcome: 'sent',
    })
  })

test('whatever a reply carries, it is a valid answer or bad-reply', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'sluice-status',
      'content-type',
      'http-header-x',
      '__proto__',
      ':status',
      'kafka_nest-err',
      'contentType',
    ),
  )
  fc.assert(
    fc.property(
      fc.constantFrom(...dialectNames),
      fc.array(fc.tuple(name, fc.uint8Array())),
      fc.option(fc.uint8Array()),
      (dialect, headers, value) => {
        try {
          const reply = read({ headers, value }, dialect)
          equal(reply.status >= 200 && reply.status <= 599, true)
          for (const [, content] of reply.headers) equal(/[\r\n\0]/.test(content), false)
        } catch (error) {
          equal((error as { code?: string }).code, 'bad-reply')
        }
      },
    ),
  )
})

test('the last header of a name wins, whatever its case, and what HTTP has in several lines stays', () => {
  const headers: Headers = [
    ['content-type', bytes('image/png')],
    ['http-header-location', bytes('/a')],
    ['Sluice-Status', bytes('201')],
    ['http-header-set-cookie', bytes('a=1')],
    ['Content-Type', bytes('application/json')],
    ['HTTP-Header-Location', bytes('/b')],
    ['http-header-set-cookie', bytes('b=2')],
    ['SLUICE-STATUS', bytes('404')],
  ]
  deepEqual(read({ headers }), {
    status: 404,
    headers: [
      ['content-type', 'application/json'],
      ['set-cookie', 'a=1'],
      ['location', '/b'],
      ['set-cookie', 'b=2'],
    ],
    body: bytes('{}'),
  })
})

const typeOf = (
  over: Parameters<typeof aRecord>[0],
  ...how: [dialect?: Dialect, contentType?: string]
): string | null => read(over, ...how).headers.find(([name]) => name === 'content-type')?.[1] ?? null

test('a reply without a type gets that of its route or worker, else that of its dialect, else none', () => {
  equal(typeOf({}), null)
  equal(typeOf({}, 'sluice', 'text/csv'), 'text/csv')
  equal(typeOf({}, 'nestjs'), 'application/json')
  equal(typeOf({}, 'nestjs', 'text/csv'), 'text/csv')
  equal(typeOf({ headers: pairs({ 'content-type': 'a/b' }) }, 'nestjs', 'text/csv'), 'a/b')
  equal(
    typeOf({ headers: pairs({ 'content-type': '' }) }, 'faststream', 'text/csv'),
    'text/csv',
    'as FastStream says of bytes',
  )
  equal(typeOf({ value: null }, 'nestjs'), null, 'nothing has no type')
  equal(typeOf({ headers: pairs({ 'http-header-content-type': 'a/b' }) }, 'nestjs'), 'a/b')
})

test('Spring writes the type with quotes, under a name of its own', () => {
  equal(typeOf({ headers: pairs({ contentType: '"application/json"' }) }, 'spring'), 'application/json')
  equal(typeOf({ headers: pairs({ contentType: 'text/plain' }) }, 'spring'), 'text/plain')
  equal(typeOf({ headers: pairs({ contentType: '"a/b"', 'content-type': 'c/d' }) }, 'spring'), 'c/d')
  equal(typeOf({ headers: pairs({ contentType: '"a/b"' }) }, 'sluice'), null)
  equal(typeOf({ headers: pairs({ 'content-type': '"text/plain; charset="utf-8""' }) }), 'text/plain; charset="utf-8"')
  equal(typeOf({ headers: pairs({ 'content-type': 'text/plain; charset="utf-8"' }) }), 'text/plain; charset="utf-8"')
  equal(read({ headers: pairs({ 'sluice-status': '"404"' }) }, 'spring').status, 404)
})

test('what a framework says to have failed is a status, and what failed its detail', () => {
  const failed = (said: string, dialect: Dialect = 'nestjs'): readonly [number, unknown] => {
    const { status, body } = read({ value: null, headers: pairs({ 'kafka_nest-err': said, 'X-Error': said }) }, dialect)
    return [status, JSON.parse(Buffer.from(body).toString()).detail]
  }
  deepEqual(failed('{"status":"error","message":"no stock"}'), [500, 'no stock'])
  deepEqual(failed('{"status":409,"message":"closed"}'), [409, 'closed'])
  deepEqual(failed('no stock'), [500, 'no stock'])
  deepEqual(failed('no stock', custom), [500, 'no stock'])
  equal(read({ value: null, headers: pairs({ 'kafka_nest-err': 'x', 'sluice-status': '422' }) }, 'nestjs').status, 422)
  equal(read({ headers: pairs({ 'kafka_nest-err': 'x' }) }, 'sluice').status, 200, 'only in its dialect')
  const told = read({ value: bytes('{"why":1}'), headers: pairs({ 'x-error': 'x' }) }, custom)
  deepEqual([told.status, Buffer.from(told.body).toString()], [500, '{"why":1}'])
})

test('Zilla’s workers say :status, and HTTP headers as they are', () => {
  const headers = pairs({
    'zilla:correlation-id': 'a.b.1.ff',
    ':status': '404',
    'content-type': 'text/plain',
    etag: '"1"',
    binary: Buffer.from([0, 1]),
  })
  const { status, headers: pairs_ } = read({ headers }, 'zilla')
  equal(status, 404)
  deepEqual(pairs_, [
    ['content-type', 'text/plain'],
    ['etag', '"1"'],
  ])
})

test('a status header of one’s own is understood, and sluice-status beside it', () => {
  equal(read({ headers: pairs({ 'x-status': '404' }) }, custom).status, 404)
  equal(read({ headers: pairs({ 'sluice-status': '404' }) }, custom).status, 404)
})
