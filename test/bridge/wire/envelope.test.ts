import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { asAttempt, envelope, valueOf } from '../../../src/bridge/wire/envelope.ts'
import { aCall } from '../../help/call.ts'
import { bytes, header } from '../../help/record.ts'
import { dialects, route, told } from '../../help/wire.ts'

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

test('a later sending differs in its number, and in nothing else', () => {
  for (const [, dialect] of dialects) {
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

test('a parameter and a header of one name are told apart', () => {
  const both = { ...told, params: [['tenant', 'a']], headers: [['tenant', 'b']] } as const
  const headers = envelope({ ...route, dialect: 'sluice' })(aCall({ told: both }), 'x')
  equal(header(headers, 'http-param-tenant'), 'a')
  equal(header(headers, 'http-header-tenant'), 'b')
})

test('all headers are text, named once, where the framework bears nothing else', () => {
  const key = Buffer.from([0xff, 0x00, 0x9f])
  for (const [name, dialect] of dialects.filter(([name]) => ['nestjs', 'faststream', 'custom'].includes(name))) {
    const headers = envelope({ ...route, dialect })(aCall({ told, key }), 'a.b.1.ff')
    equal(header(headers, 'ce_partitionkey'), undefined, name)
    equal(new Set(headers.map(([header]) => header)).size, headers.length, name)
    equal(header(envelope({ ...route, dialect })(aCall({ told, key: bytes('o-1') }), 'x'), 'ce_partitionkey'), 'o-1')
  }
  const headers = envelope({ ...route, dialect: 'sluice' })(aCall({ told, key }), 'x')
  deepEqual(headers.find(([name]) => name === 'ce_partitionkey')?.[1], key)
})

const nothing = new Uint8Array()

test('no content is null, unless the dialect or its options say otherwise', () => {
  const values = dialects.map(([name, dialect]) => [name, valueOf({ dialect })({ body: nothing })?.toString() ?? null])
  deepEqual(Object.fromEntries(values), {
    sluice: null,
    spring: '{}',
    nestjs: null,
    smallrye: null,
    zilla: null,
    faststream: '{}',
    custom: null,
  })
  equal(valueOf({ dialect: 'spring', emptyBody: null })({ body: nothing }), null)
  equal(valueOf({ dialect: 'spring', emptyBody: 'null' })({ body: nothing }), null)
  equal(valueOf({ dialect: 'spring', emptyBody: 'empty' })({ body: nothing })?.length, 0)
  equal(valueOf({ dialect: 'sluice', emptyBody: 'object' })({ body: nothing })?.toString(), '{}')
  equal(valueOf({ dialect: 'sluice' })({ body: bytes('{}') })?.toString(), '{}')
})

test('an object in place of no content is JSON, whatever the client says of nothing', () => {
  const type = (body: Uint8Array): string | undefined =>
    header(
      envelope({ ...route, dialect: 'spring' })(aCall({ told: { ...told, contentType: 'a/b' }, body }), 'x'),
      'content-type',
    )
  equal(type(nothing), 'application/json')
  equal(type(bytes('x')), 'a/b')
})

test('Zilla’s workers find method, path and headers as HTTP/2 writes them', () => {
  const headers = envelope({ ...route, dialect: 'zilla' })(aCall({ told }), 'x')
  equal(header(headers, ':method'), 'POST')
  equal(header(headers, ':path'), '/orders/o%2D1?a=1&b')
  equal(header(headers, 'accept-language'), 'de')
  equal(header(envelope({ ...route, dialect: 'sluice' })(aCall({ told }), 'x'), ':path'), undefined)
})
