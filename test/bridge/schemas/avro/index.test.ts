import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { avroCodec } from '../../../../src/bridge/schemas/avro/index.ts'
import { Violations } from '../../../../src/bridge/schemas/codec.ts'
import type { Violation } from '../../../../src/problem.ts'

const codecOf = (schema: unknown, message?: string) =>
  avroCodec({ name: 'a.avsc', text: schema === '{' ? '{' : JSON.stringify(schema), references: new Map(), message })
const record = (fields: Readonly<Record<string, unknown>>) => ({
  type: 'record',
  name: 'acme.Order',
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
})

/** What becomes of a JSON text that is written and read again. */
function round(type: unknown, json: string): string {
  const { write, read } = codecOf(type)
  return Buffer.from(read(write(Buffer.from(json)))).toString()
}
function violations(type: unknown, json: string): readonly Violation[] {
  try {
    round(type, json)
  } catch (error) {
    if (error instanceof Violations) return error.list
    throw error
  }
  return []
}
const hex = (type: unknown, json: string): string => Buffer.from(codecOf(type).write(Buffer.from(json))).toString('hex')

test('the bytes are those of the standard', () => {
  equal(hex('long', '-1'), '01')
  equal(hex('long', '64'), '8001')
  equal(hex('string', '"foo"'), '06666f6f')
  equal(hex({ type: 'array', items: 'long' }, '[3,27]'), '04063600')
  equal(hex(['null', 'string'], '"a"'), '020261')
  equal(hex(record({ a: 'long', b: 'string' }), '{"b":"foo","a":27}'), '3606666f6f')
})

test('64-bit integers keep all their digits', () => {
  for (const text of [
    '9223372036854775807',
    '-9223372036854775808',
    '9007199254740993',
    '9007199254740991',
    '-1',
    '2147483648',
    '0',
  ])
    equal(round('long', text), text)
  equal(round(record({ a: 'long' }), '{"a":653247040368672769}'), '{"a":653247040368672769}')
  for (const text of ['9223372036854775808', '1.5', '"1"', '1e30'])
    deepEqual(violations('long', text), [{ pointer: '', message: 'must be a whole number of 64 bits' }])
  equal(round('long', '1e3'), '1000')
})

test('decimals are their digits, from a number or a text, and nothing is rounded', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 24, scale: 2 }
  equal(round(money, '19.9'), '19.90')
  equal(round(money, '-0.01'), '-0.01')
  equal(round(money, '"1234567890123456789012.34"'), '1234567890123456789012.34')
  equal(round(money, '1234567890123456789012.34'), '1234567890123456789012.34')
  equal(round({ ...money, type: 'fixed', name: 'F', size: 16 }, '-12.5'), '-12.50')
  for (const text of ['1.005', '12345678901234567890123', '1e99999', '"x"', 'true'])
    equal(violations(money, text).length, 1)
})

test('times, dates, bytes and UUIDs are text, in the precision of their type', () => {
  const long = (logicalType: string) => ({ type: 'long', logicalType })
  equal(round(long('timestamp-millis'), '"2026-11-28T12:30:00.5+02:00"'), '"2026-11-28T10:30:00.500Z"')
  equal(round(long('timestamp-micros'), '"1969-12-31T23:59:59.999999Z"'), '"1969-12-31T23:59:59.999999Z"')
  equal(round(long('timestamp-nanos'), '1'), '"1970-01-01T00:00:00.000000001Z"')
  equal(round(long('timestamp-micros'), '-9223372036854775808'), '"-290308-12-21T19:59:05.224192Z"')
  equal(round(long('local-timestamp-millis'), '"2026-11-28T12:30:00"'), '"2026-11-28T12:30:00.000"')
  equal(round(long('time-micros'), '"23:59:59.000001"'), '"23:59:59.000001"')
  equal(round({ type: 'int', logicalType: 'date' }, '"2024-02-29"'), '"2024-02-29"')
  equal(
    round({ type: 'string', logicalType: 'uuid' }, '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"'),
    '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"',
  )
  equal(
    round({ type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' }, '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"'),
    '"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"',
  )
  equal(round('bytes', '"AP8="'), '"AP8="')
  for (const [type, text] of [
    [long('timestamp-millis'), '"2026-11-28T12:30:00"'],
    [long('timestamp-millis'), '"2026-11-28T12:30:00.0001Z"'],
    [{ type: 'int', logicalType: 'date' }, '"2025-02-29"'],
    ['bytes', '"a"'],
    [{ type: 'fixed', name: 'F', size: 2 }, '"AA=="'],
  ] as const)
    equal(violations(type, text).length, 1)
})

test('a union is told plainly where JSON tells its branches apart, else by a tag', () => {
  equal(round(['null', 'string', 'double'], '"x"'), '"x"')
  equal(round(['null', 'string', 'double'], '1.5'), '1.5')
  equal(round(['null', 'string', 'double'], '{"double":"NaN"}'), '{"double":"NaN"}')
  equal(round(['double', { type: 'int', logicalType: 'date' }], '{"double":"NaN"}'), '{"double":"NaN"}')
  equal(round(['null', 'string'], '{"string":"x"}'), '"x"')
  equal(round(['int', 'long', 'null'], '{"long":5}'), '{"long":5}')
  deepEqual(violations(['int', 'long', 'null'], '5'), [
    { pointer: '', message: 'must be one of {"int": …}, {"long": …}, null' },
  ])
  const [a, b] = ['A', 'B'].map(name => ({ type: 'record', name, fields: [{ name: 'v', type: 'int' }] }))
  equal(round({ type: 'array', items: [a, b] }, '[{"B":{"v":1}}]'), '[{"B":{"v":1}}]')
  equal(round(['null', { type: 'map', values: 'int' }], '{"string":1}'), '{"string":1}')
})

test('what is left out is its default, and everything else that is wrong is told', () => {
  const type = {
    ...record({ id: 'string', note: ['null', 'string'], lines: { type: 'array', items: 'int' } }),
    fields: [
      { name: 'id', type: 'string' },
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'lines', type: { type: 'array', items: 'int' }, default: [1] },
      { name: 'far', type: 'long', default: 7 },
    ],
  }
  equal(round(type, '{"id":"o"}'), '{"id":"o","note":null,"lines":[1],"far":7}')
  deepEqual(violations(type, '{"note":1,"lines":[1,"x",1.5],"a/b":1}'), [
    { pointer: '', message: "must have required property 'id'" },
    { pointer: '/note', message: 'must be one of null, string' },
    { pointer: '/lines/1', message: 'must be a whole number of 32 bits' },
    { pointer: '/lines/2', message: 'must be a whole number of 32 bits' },
    { pointer: '/a~1b', message: 'is not known' },
  ])
})

test('text comes back whatever it holds, and however long it is', () => {
  for (const text of ['', 'a"b\\\u0000\n', 'Zoë 𝄞', 'x'.repeat(63), 'x'.repeat(64), 'ë'.repeat(40), 'y'.repeat(5_000)])
    equal(JSON.parse(round('string', JSON.stringify(text))), text)
  deepEqual(violations('string', '"\\ud800"'), [{ pointer: '', message: 'is no Unicode' }])
  deepEqual(violations({ type: 'map', values: 'int' }, '{"\\udfff":1}')[0]?.message, 'has a name that is no Unicode')
})

test('types may refer to themselves, and nobody’s prototype is a field', () => {
  const node = {
    type: 'record',
    name: 'Node',
    fields: [
      { name: 'v', type: 'int' },
      { name: 'next', type: ['null', 'Node'] },
    ],
  }
  equal(round(node, '{"v":1,"next":{"v":2,"next":null}}'), '{"v":1,"next":{"v":2,"next":null}}')
  equal(round({ type: 'map', values: 'int' }, '{"__proto__":1,"constructor":2}'), '{"__proto__":1,"constructor":2}')
  equal(violations(record({ a: 'int' }), '{"a":1,"__proto__":{}}').length, 1)
  equal(violations(record({ toString: 'int' }), '{}').length, 1)
})

test('bytes that are none of the type end soon, with a violation', () => {
  const reads = (type: unknown, bytes: readonly number[]) => () => codecOf(type).read(Uint8Array.from(bytes))
  const array = { type: 'array', items: 'null' }
  const node = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] }
  throws(reads('string', [0x06, 0x61]), { message: 'is cut short' })
  throws(reads('string', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), { message: 'is cut short' })
  throws(
    reads(
      'long',
      Array.from({ length: 12 }, () => 0xff),
    ),
    { message: 'has a number of more than 64 bits' },
  )
  throws(reads('null', [0]), { message: 'has bytes behind its end' })
  throws(reads(array, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), { message: 'has too many items' })
  throws(reads(['null', 'int'], [0x04]), { message: 'has a branch or a symbol that there is not' })
  throws(
    reads(
      node,
      Array.from({ length: 1_000 }, () => 0x02),
    ),
    { message: 'is nested deeper than 256 levels' },
  )
})

test('a schema that does not hold is told in a sentence', () => {
  throws(() => codecOf('{'), /^Error: a\.avsc does not compile: /)
  throws(
    () => codecOf({ type: 'record', name: 'A', fields: [{ name: 'a', type: 'nothing' }] }),
    /^Error: a\.avsc does not compile: .*nothing/,
  )
  throws(() => codecOf(record({ a: 'int' }), 'acme.Other'), { message: 'a.avsc has no type acme.Other.' })
})

test('of several types in a file one is meant: the one with the name, else the last', () => {
  const types = [record({ a: 'int' }), { ...record({ o: 'acme.Order' }), name: 'acme.Envelope' }]
  equal(Buffer.from(codecOf(types).write(Buffer.from('{"o":{"a":1}}'))).toString('hex'), '02')
  equal(Buffer.from(codecOf(types, 'acme.Order').write(Buffer.from('{"a":1}'))).toString('hex'), '02')
})

test('documents show it as JSON Schema', () => {
  const inner = { type: 'record', name: 'acme.Line', fields: [{ name: 'of', type: 'acme.Order' }] }
  deepEqual(codecOf(record({ a: ['null', 'long'], b: 'bytes', c: inner })).shown('#/here'), {
    type: 'object',
    required: ['a', 'b', 'c'],
    properties: {
      a: { anyOf: [{ type: 'null' }, { type: 'integer', format: 'int64' }] },
      b: { type: 'string', contentEncoding: 'base64' },
      c: { $ref: '#/here/$defs/acme.Line' },
    },
    additionalProperties: false,
    $defs: {
      'acme.Line': {
        type: 'object',
        required: ['of'],
        properties: { of: { $ref: '#/here' } },
        additionalProperties: false,
      },
    },
  })
})
