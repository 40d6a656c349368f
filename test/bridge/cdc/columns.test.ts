import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { decoderOf, typesOf } from '../../../src/bridge/cdc/columns.ts'

const read = (type: string, value: unknown): unknown => decoderOf(type)?.(value)

test('a decimal is base64 of its unscaled bytes', () => {
  equal(read('Decimal(2)', 'BNI='), '12.34')
  equal(read('Decimal(2)', '/w=='), '-0.01')
  equal(read('Decimal(0)', 'AA=='), '0')
  equal(read('Decimal(2)', 'AP8='), '2.55', 'the sign stands in the first bit')
  equal(read('VariableScaleDecimal', { scale: 5, value: 'BMsv' }), '3.14159')
  equal(read('VariableScaleDecimal', { scale: -2, value: 'Bw==' }), '700')
})

test('any decimal comes back from its bytes', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
      fc.integer({ min: 1, max: 30 }),
      (unscaled, scale) => {
        const hex = BigInt.asUintN(128, unscaled).toString(16).padStart(32, '0')
        const text = read(`Decimal(${scale})`, Buffer.from(hex, 'hex').toString('base64')) as string
        equal(BigInt(text.replace('.', '')), unscaled)
        equal(text.split('.')[1]?.length, scale)
      },
    ),
  )
})

test('dates count days, timestamps what their name says, and none has a zone', () => {
  equal(read('Date', 19_723), '2024-01-01')
  equal(read('Date', -1), '1969-12-31')
  equal(read('Timestamp', 1_704_067_200_123), '2024-01-01T00:00:00.123')
  equal(read('MicroTimestamp', 1_704_067_200_123_456), '2024-01-01T00:00:00.123456')
  equal(read('MicroTimestamp', -1), '1969-12-31T23:59:59.999999')
  equal(read('NanoTimestamp', 1_000_000_001), '1970-01-01T00:00:01.000000001')
  equal(read('MicroTime', 45_296_000_000), '12:34:56')
  equal(read('Time', 1), '00:00:00.001')
  equal(read('NanoTime', 1), '00:00:00.000000001')
})

test('what lies outside of all dates stays the number that it is, and what is none stays too', () => {
  equal(read('MicroTimestamp', 9_223_372_036_825_200_000), 9_223_372_036_825_200_000)
  equal(read('Date', 'soon'), 'soon')
  equal(read('Decimal(2)', 12.5), 12.5)
})

test('a JSON column is JSON, and a type that nobody names is read as it seems', () => {
  deepEqual(read('Json', '{"a":[1]}'), { a: [1] })
  equal(read('Json', 'no JSON'), 'no JSON')
  equal(decoderOf('ZonedTimestamp'), null)
})

test('a schema says the types of the columns, and none says nothing', () => {
  const fields = [
    { field: 'total', type: 'bytes', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } },
    { field: 'at', type: 'int64', name: 'io.debezium.time.MicroTimestamp' },
    { field: 'id', type: 'int64' },
  ]
  const schema = {
    type: 'struct',
    fields: [
      { field: 'before', fields: [] },
      { field: 'after', fields },
    ],
  }
  deepEqual(Object.fromEntries(typesOf({ ...schema, fields: schema.fields.slice(1) })), {
    total: 'Decimal(2)',
    at: 'MicroTimestamp',
  })
  deepEqual([...typesOf(null), ...typesOf({ fields: 'none' })], [])
})
