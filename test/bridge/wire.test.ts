import { test } from 'node:test'
import { deepEqual, equal, match, throws } from 'node:assert/strict'
import fc from 'fast-check'
import {
  asAttempt,
  correlationOf,
  envelope,
  isOurs,
  readCommand,
  readReply,
  replyHeaders,
  waitAsked,
} from '../../src/bridge/wire.ts'
import type { Dialect } from '../../src/bridge/wire.ts'
import { onTheWire } from '../../src/clock.ts'
import { aCall } from '../help/call.ts'
import { aRecord, bytes, header, pairs } from '../help/record.ts'

const dialects: readonly Dialect[] = ['sluice', 'spring']
const route = {
  route: 'place-order',
  template: '/orders/:orderId',
  instance: 'host-9090',
  reply: { topic: 'gateway.replies', partition: 7 },
}
const told = {
  method: 'POST',
  path: '/orders/o%2D1',
  query: 'a=1&b',
  params: [['orderId', 'o-1']],
  headers: [['accept-language', 'de']],
  contentType: 'application/json',
  trace: [['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
} as const

for (const dialect of dialects)
  test(`a worker reads from a command what the gateway wrote, in dialect ${dialect}`, () => {
    const call = aCall({ told, key: bytes('o-1') })
    const headers = envelope({ ...route, dialect })(call, 'a.b.1.secret')
    const origin = readCommand(dialect, aRecord({ headers }))!
    equal(Buffer.from(origin.correlation).toString(), 'a.b.1.secret')
    equal(origin.replyTopic, 'gateway.replies')
    equal(origin.replyPartition, 7)
    equal(origin.commandId, call.command)
    equal(origin.attempt, 1)
    equal(Math.abs(origin.expires! - onTheWire(call.expires)) <= 2, true)
    deepEqual(origin.told, { ...told, route: 'place-order', template: '/orders/:orderId' })
  })

test('a command is a CloudEvent 1.0 in binary mode', () => {
  const headers = envelope({ ...route, dialect: 'sluice' })(aCall({ told, key: bytes('o-1') }), 'x')
  equal(header(headers, 'ce_specversion'), '1.0')
  equal(header(headers, 'ce_type'), 'place-order')
  equal(header(headers, 'ce_source'), '/sluice/host-9090')
  equal(header(headers, 'ce_subject'), '/orders/o%2D1')
  equal(header(headers, 'ce_partitionkey'), 'o-1')
  match(header(headers, 'ce_time')!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('methods and content types that alternate are each their own', () => {
  const write = envelope({ ...route, dialect: 'sluice' })
  const methods = ['POST', 'POST', 'PUT', 'POST', 'PUT']
  const types = ['text/plain', 'application/json', 'application/json', 'text/plain', null]
  const written = methods.map((method, i) => write(aCall({ told: { ...told, method, contentType: types[i]! } }), 'x'))
  deepEqual(
    written.map(headers => [header(headers, 'http-method'), header(headers, 'content-type') ?? null]),
    methods.map((method, i) => [method, types[i]]),
  )
})

test('the spring dialect writes the partition as a big-endian int32 and the names that Spring knows', () => {
  const headers = envelope({ ...route, dialect: 'spring' })(aCall(), 'x')
  deepEqual([...headers.find(([name]) => name === 'kafka_replyPartition')![1]], [0, 0, 0, 7])
  equal(header(headers, 'kafka_replyTopic'), 'gateway.replies')
  equal(header(headers, 'kafka_correlationId'), 'x')
})

test('a later sending differs in its number, and in nothing else', () => {
  for (const dialect of dialects) {
    const first = envelope({ ...route, dialect })(aCall({ told }), 'x')
    const second = asAttempt(first, 2)
    equal(header(second, 'sluice-attempt'), '2')
    deepEqual(
      second.filter(([name]) => name !== 'sluice-attempt'),
      first.filter(([name]) => name !== 'sluice-attempt'),
    )
    equal(header(first, 'sluice-attempt'), '1')
  }
})

test('a reply says whether and when its command may be sent again', () => {
  const asked = (headers: Readonly<Record<string, string>>): number | null => {
    const record = aRecord({ headers: pairs(headers) })
    return waitAsked(record, readReply(record, 'orders', 1_000))
  }
  equal(asked({ 'sluice-status': '503' }), 0)
  equal(asked({ 'http-header-retry-after': '2' }), 2_000)
  equal(asked({ 'http-header-retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }), null, 'nobody knows when that is')
  equal(asked({ 'sluice-retry': 'no' }), null)
  equal(asked({ 'sluice-retry': ' NO', 'http-header-retry-after': '2' }), null)
  equal(asked({ 'sluice-retry': 'yes' }), 0)
})

test('a worker’s final answer says so, in every dialect', () => {
  for (const dialect of dialects)
    for (const final of [true, false]) {
      const headers = replyHeaders(dialect, { correlation: bytes('x') }, { status: 503, headers: [], final })
      equal(header(headers, 'sluice-retry'), final ? 'no' : undefined)
    }
})

test('an event names nobody to answer', () => {
  const headers = envelope({ ...route, dialect: 'sluice', reply: null })(aCall(), '')
  equal(readCommand('sluice', aRecord({ headers })), null)
  equal(
    headers.some(([name]) => /correlation|reply/.test(name)),
    false,
  )
})

for (const dialect of dialects)
  test(`the gateway reads from a reply what a worker wrote, in dialect ${dialect}`, () => {
    const headers = replyHeaders(
      dialect,
      { correlation: bytes('a.b.1.secret') },
      {
        status: 201,
        headers: [
          ['Content-Type', 'text/plain'],
          ['Location', '/orders/1'],
        ],
      },
    )
    const record = aRecord({ headers, value: bytes('done') })
    equal(correlationOf(record), 'a.b.1.secret')
    const reply = readReply(record, 'orders', 1_000)
    equal(reply.status, 201)
    deepEqual(reply.headers, [
      ['content-type', 'text/plain'],
      ['location', '/orders/1'],
    ])
    equal(Buffer.from(reply.body).toString(), 'done')
  })

test('a reply without a status is 200, and a tombstone an empty body', () => {
  const reply = readReply(aRecord({ value: null }), 'orders', 10)
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
    throws(() => readReply(aRecord(over), 'orders', 10), { code: 'bad-reply', outcome: 'sent' })
  })

test('whatever a reply carries, it is a valid answer or bad-reply', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('sluice-status', 'content-type', 'http-header-x', '__proto__'))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.uint8Array())), fc.option(fc.uint8Array()), (headers, value) => {
      try {
        const reply = readReply(aRecord({ headers, value }), 'orders', 1_000)
        equal(reply.status >= 200 && reply.status <= 599, true)
        for (const [, content] of reply.headers) equal(/[\r\n\0]/.test(content), false)
      } catch (error) {
        equal((error as { code?: string }).code, 'bad-reply')
      }
    }),
  )
})

test('a command that names a topic which is none, or one of Kafka’s own, is answered to nobody', () => {
  const command = (topic: string): unknown =>
    readCommand('sluice', aRecord({ headers: pairs({ 'sluice-correlation-id': 'x', 'sluice-reply-to': topic }) }))
  equal(command('../etc'), null)
  equal(command('__consumer_offsets'), null)
  equal(command(''), null)
})

test('the names of the wire are ours, whatever their case', () => {
  for (const name of ['ce_id', 'CE_ID', 'sluice-reply-to', 'kafka_replyTopic', 'http-method', 'Http-Header-X'])
    equal(isOurs(name), true)
  for (const name of ['accept', 'x-sluice', 'traceparent', 'content-type']) equal(isOurs(name), false)
})
