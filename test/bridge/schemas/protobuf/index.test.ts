import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Violations } from '../../../../src/bridge/schemas/codec.ts'
import { protobufCodec } from '../../../../src/bridge/schemas/protobuf/index.ts'
import type { Violation } from '../../../../src/problem.ts'

const order = `syntax = "proto3";
package acme.v1;
import "google/protobuf/timestamp.proto";
import "money.proto";
message Order {
  string order_id = 1;
  int64 amount = 2 [json_name = "amt"];
  optional int32 count = 3;
  google.protobuf.Timestamp placed_at = 4;
  shop.Money price = 5;
  map<string, int64> stock = 6;
  oneof how { string name = 7; bytes code = 8; }
  repeated Line lines = 9;
  State state = 10;
  message Line { double weight = 1; repeated int32 sizes = 2 [packed = false]; Line next = 3; }
}
enum State { UNKNOWN = 0; PLACED = 1; }
`
const money = 'syntax = "proto3"; package shop; message Money { string currency = 1; uint64 units = 2; }'
const codecOf = (text = order, message?: string) =>
  protobufCodec({ name: 'order.proto', text, references: new Map([['money.proto', money]]), message })

const round = (json: string): unknown => {
  const { write, read } = codecOf()
  return JSON.parse(Buffer.from(read(write(Buffer.from(json)))).toString())
}
function violations(json: string): readonly Violation[] {
  try {
    codecOf().write(Buffer.from(json))
  } catch (error) {
    if (error instanceof Violations) return error.list
    throw error
  }
  return []
}

test('a message comes back in the JSON of Protobuf, with all its digits and its defaults', () => {
  const json =
    '{"order_id":"o","amt":9223372036854775807,"placedAt":"2026-11-28T10:30:00.123456789Z","price":{"units":18446744073709551615},"stock":{"a":"-1"},"code":"AP8=","lines":[{"weight":0.1,"sizes":[1,2],"next":{}}],"state":"PLACED"}'
  deepEqual(round(json), {
    orderId: 'o',
    amt: '9223372036854775807',
    placedAt: '2026-11-28T10:30:00.123456789Z',
    price: { currency: '', units: '18446744073709551615' },
    stock: { a: '-1' },
    code: 'AP8=',
    lines: [{ weight: 0.1, sizes: [1, 2], next: { weight: 0, sizes: [] } }],
    state: 'PLACED',
  })
  equal((round('{"count":0}') as { count: number }).count, 0)
  equal('count' in (round('{}') as object), false)
})

test('a 64-bit integer in its wrapper keeps its digits, too', () => {
  const { write, read } = codecOf(
    'syntax = "proto3"; import "google/protobuf/wrappers.proto"; message A { google.protobuf.Int64Value n = 1; }',
  )
  equal(Buffer.from(read(write(Buffer.from('{"n":9223372036854775807}')))).toString(), '{"n":"9223372036854775807"}')
})

test('the bytes are those of the standard', () => {
  const { write } = codecOf(
    'syntax = "proto3"; message A { int32 a = 1; repeated int32 d = 4; repeated int32 u = 5 [packed = false]; }',
  )
  equal(Buffer.from(write(Buffer.from('{"a":150,"d":[3,270],"u":[1,2]}'))).toString('hex'), '0896012203038e0228012802')
})

test('all that is wrong is told, each where it is', () => {
  const found = violations(
    '{"amt":1.5,"extra":1,"lines":[{"weight":"x"},{"sizes":[1,"a"],"next":{"no":1}}],"state":"GONE","stock":{"a/b":true},"price":7,"order_id":12345678901234567890}',
  )
  deepEqual(
    found.map(({ pointer }) => pointer),
    [
      '/amt',
      '/extra',
      '/lines/0/weight',
      '/lines/1/sizes/1',
      '/lines/1/next/no',
      '/state',
      '/stock/a~1b',
      '/price',
      '/order_id',
    ],
  )
  equal(found[1]?.message, 'is not known')
  equal(violations('{"amt":9223372036854775808}').length, 1)
  equal(violations('{"name":"a","code":"AA=="}').length, 1)
  equal(violations('[]').length, 1)
})

test('bytes that are no message are a violation, and end soon', () => {
  const { read } = codecOf()
  throws(() => read(Uint8Array.of(0x0a, 0x7f)), Violations)
  const deep = Buffer.concat(Array.from({ length: 400 }, () => Buffer.from([0x1a, 0x7f])))
  throws(() => codecOf(order, 'acme.v1.Order.Line').read(deep), Violations)
})

test('a file is proto2 where it says so, or nothing', () => {
  const { write, read } = codecOf(
    'message A { required string s = 1; optional int32 n = 2 [default = 5]; repeated int32 r = 3; }',
  )
  equal(Buffer.from(read(write(Buffer.from('{"s":"","r":[1]}')))).toString(), '{"s":"","r":[1]}')
  throws(() => write(Buffer.from('{}')))
})

test('what does not compile is told in a sentence', () => {
  throws(() => codecOf('message {'), /^Error: order\.proto does not compile: .*\.$/)
  throws(() => codecOf('syntax = "proto3"; import "gone.proto"; message A {}'), {
    message: 'order.proto does not compile: it imports gone.proto, which is not there.',
  })
  throws(
    () => codecOf('syntax = "proto3"; message A { Gone g = 1; }'),
    /^Error: order\.proto does not compile: .*Gone.*\.$/,
  )
  throws(() => codecOf('edition = "2023"; message A {}'), /editions are read from descriptor sets only/)
  throws(() => codecOf('syntax = "proto3";'), { message: 'order.proto has no message.' })
  throws(() => codecOf(order, 'acme.v1.Gone'), { message: 'order.proto has no message acme.v1.Gone.' })
})

test('documents show it as JSON Schema', () => {
  const shown = codecOf(order, 'acme.v1.Order.Line').shown('#/here')
  deepEqual(shown, {
    type: 'object',
    properties: {
      weight: { type: ['number', 'string'] },
      sizes: { type: 'array', items: { type: 'integer' } },
      next: { $ref: '#/here' },
    },
    additionalProperties: false,
  })
})
