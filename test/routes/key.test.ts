import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { Problem } from '../../src/problem.ts'
import { keyOf } from '../../src/routes/key.ts'
import type { Params } from '../../src/routes/key.ts'

type From = Readonly<{ params?: Params; headers?: Record<string, string>; body?: string | Buffer }>
const keyFrom = (source: string | undefined, { params = {}, headers = {}, body = '' }: From): string | null => {
  const key = keyOf(source)(params, headers, typeof body === 'string' ? Buffer.from(body) : body, null)
  return key === null ? null : Buffer.from(key).toString()
}
const refuses = (source: string, from: From, detail: RegExp): void =>
  throws(
    () => keyFrom(source, from),
    (error: Problem) => error instanceof Problem && error.code === 'invalid-request' && detail.test(error.message),
  )

test('a key comes from the path, a header or a field of the body', () => {
  equal(keyFrom('path.orderId', { params: { orderId: 'o-1' } }), 'o-1')
  equal(keyFrom('header.X-Tenant', { headers: { 'x-tenant': 't' } }), 't')
  equal(keyFrom('body.orderId', { body: '{"orderId":"ö"}' }), 'ö')
  equal(keyFrom('body.order.lines.0.id', { body: '{"order":{"lines":[{"id":7}]}}' }), '7')
})

test('a header gives the bytes that the client sent, as the path and the body do', () => {
  const zoë = 'Zo\u00eb'
  const asNodeReads = Buffer.from(zoë).toString('latin1')
  equal(keyFrom('header.x', { headers: { x: asNodeReads } }), zoë)
  equal(keyFrom('path.x', { params: { x: decodeURIComponent('Zo%C3%AB') } }), zoë)
  equal(keyFrom('body.x', { body: `{"x":"${zoë}"}` }), zoë)
  deepEqual(keyOf('header.x')({}, { x: '\xff\x00' }, Buffer.alloc(0), null), Buffer.from([0xff, 0]))
})

test('without a source there is none, and the body is not looked at', () =>
  equal(keyFrom(undefined, { body: '{' }), null))

test('a number is its digits as they are written, however many', () => {
  equal(keyFrom('body.n', { body: '{"n":1.50}' }), '1.50')
  equal(keyFrom('body.orderId', { body: '{"orderId":653247040368672768}' }), '653247040368672768')
  equal(keyFrom('body.a.1', { body: '{"a":[7,12345678901234567890,8]}' }), '12345678901234567890')
  equal(keyFrom('body.n', { body: '{"n":-9007199254740991}' }), '-9007199254740991')
  equal(keyFrom('body.n', { body: '{"n":1e999}' }), '1e999')
  refuses('body.n', { body: '{"n":true}' }, /neither text nor a number/)
})

test('a missing key is named', () => {
  refuses('path.orderId', {}, /^The key path\.orderId is missing\.$/)
  refuses('header.x-tenant', { headers: { 'x-tenant': '' } }, /^The key header\.x-tenant is missing\.$/)
  refuses('body.a.b', { body: '{"a":1}' }, /^The key body\.a\.b is missing\.$/)
  refuses('body.a', { body: '{"a":null}' }, /missing/)
  refuses('body.a', { body: '[]' }, /missing/)
  refuses('body.a', { body: 'null' }, /missing/)
  refuses('body.a', { body: '{"a":{}}' }, /neither text nor a number/)
})

test('a body that is no JSON is said to be none, without quoting it', () => {
  for (const body of ['{"secret":', 'secret', '{"a":"b"}x', '\ufeff{"a":"b"}'])
    refuses('body.a', { body }, /^The body is not JSON\.$/)
  refuses('body.a', { body: '' }, /^The body is empty/)
  refuses('body.a', { body: Buffer.from([0x7b, 0xff, 0x7d]) }, /^The body is not UTF-8\.$/)
})

test('64 levels are read, one more is refused', () => {
  const nested = (levels: number): string => `${'{"a":'.repeat(levels)}"x"${'}'.repeat(levels)}`
  equal(keyFrom(`body.${Array.from({ length: 60 }, () => 'a').join('.')}.a.a.a.a`, { body: nested(64) }), 'x')
  refuses('body.a', { body: nested(65) }, /deeper than 64/)
  refuses('body.a', { body: '['.repeat(40_000) }, /deeper than 64/)
})

test('nobody’s prototype is a key, and nobody’s is changed', () => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  for (const field of ['__proto__', 'constructor', 'toString', '__proto__.toString', 'constructor.name'])
    refuses(`body.${field}`, { body: '{"a":1}' }, /missing/)
  equal(keyFrom('body.__proto__', { body: '{"__proto__":"own"}' }), 'own')
  refuses('body.x', { body: '{"__proto__":{"x":"polluted"},"constructor":{"prototype":{"x":"polluted"}}}' }, /missing/)
  deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  equal(({} as Record<string, unknown>)['x'], undefined)
})

test('50 KB of evil body are refused or read at once', () => {
  for (const part of ['[', '{"a":', '"', '\\', '{"a":"', '[[]', '1', ' ', '\\u0000', ',']) {
    const start = performance.now()
    try {
      keyFrom('body.a', { body: part.repeat(50_000 / part.length) })
    } catch (error) {
      ok(error instanceof Problem)
    }
    ok(performance.now() - start < 250, part)
  }
})

test('a claim is a key, and one that is missing is told', () => {
  const from = keyOf('claim.org.id')
  const none = Buffer.alloc(0)
  equal(Buffer.from(from({}, {}, none, { org: { id: 7 } }) ?? []).toString(), '7')
  for (const claims of [null, {}, { org: 'x' }])
    throws(() => from({}, {}, none, claims), { code: 'invalid-request', message: 'The key claim.org.id is missing.' })
})
