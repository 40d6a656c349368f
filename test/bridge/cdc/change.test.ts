import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { changes, completed } from '../../../src/bridge/cdc/index.ts'
import type { Columns } from '../../../src/bridge/cdc/index.ts'
import { aRecord, bytes, header } from '../../help/record.ts'

const source = {
  connector: 'postgresql',
  name: 'shop',
  ts_ms: 1_704_067_200_000,
  db: 'shop',
  schema: 'public',
  table: 'orders',
  snapshot: 'false',
}
const envelope = (over: object = {}) => ({
  before: null,
  after: { id: 7, total: 'BNI=' },
  source,
  transaction: null,
  op: 'c',
  ts_ms: 1,
  ...over,
})
const read = (value: object | null, { key = '{"id":7}', columns }: { key?: string; columns?: Columns } = {}) =>
  changes(columns)(
    aRecord({
      topic: 'shop.public.orders',
      partition: 2,
      offset: 9n,
      key: bytes(key),
      value: value === null ? null : bytes(JSON.stringify(value)),
    }),
  )
const rowOf = (change: ReturnType<typeof read>): unknown =>
  change?.value ? JSON.parse(change.value.toString()) : change?.value

test('a change becomes the row as it is afterwards, with the types that its schema says', () => {
  deepEqual(rowOf(read(envelope())), { id: 7, total: 'BNI=' })
  const fields = [{ field: 'total', name: 'org.apache.kafka.connect.data.Decimal', parameters: { scale: '2' } }]
  const schema = { type: 'struct', fields: [{ field: 'after', fields }] }
  deepEqual(rowOf(read({ schema, payload: envelope() })), { id: 7, total: '12.34' })
})

test('without a schema the route says the types', () => {
  deepEqual(rowOf(read(envelope(), { columns: { total: 'Decimal(2)' } })), { id: 7, total: '12.34' })
})

test('a bigint keeps all its digits', () => {
  const value = JSON.stringify(envelope()).replace('"id":7', '"id":9007199254740993')
  const change = changes()(aRecord({ key: bytes('{"id":9007199254740993}'), value: bytes(value) }))
  equal(change?.value?.toString(), '{"id":9007199254740993,"total":"BNI="}')
  equal(change?.key?.toString(), '9007199254740993')
})

test('what is said of the change are the attributes of a CloudEvent', () => {
  const { headers } = read(envelope({ op: 'u', transaction: { id: '565:29274832', total_order: 1 } }))!
  deepEqual(
    ['id', 'source', 'type', 'time', 'iodebeziumop', 'iodebeziumtable', 'iodebeziumtxid'].map(name =>
      header(headers, `ce_${name}`),
    ),
    [
      'shop.public.orders-2-9',
      '/debezium/postgresql/shop',
      'io.debezium.connector.postgresql.DataChangeEvent',
      '2024-01-01T00:00:00.000Z',
      'u',
      'orders',
      '565',
    ],
  )
})

test('a row that was deleted has no value, and neither has the tombstone after it', () => {
  const deleted = read(envelope({ op: 'd', before: { id: 7, total: '' }, after: null }))!
  deepEqual([deleted.value, header(deleted.headers, 'ce_iodebeziumop'), deleted.key?.toString()], [null, 'd', '7'])
  deepEqual([read(null)?.value, read(null)?.key?.toString()], [null, '7'])
})

for (const [key, text] of [
  ['{"id":7}', '7'],
  ['{"id":"a b"}', 'a b'],
  ['{"schema":{"type":"struct"},"payload":{"id":7}}', '7'],
  ['{"schema":{"type":"string"},"payload":"a"}', 'a'],
  ['"42"', '42'],
  ['42', '42'],
  ['{"shop":1,"id":7}', '{"shop":1,"id":7}'],
  ['Struct{id=7}', '7'],
  ['order 7', 'order 7'],
] as const)
  test(`the key ${key} is ${text}`, () => equal(read(envelope(), { key })?.key?.toString(), text))

test('a column that was not touched is missing in the row, and a view keeps what it had', () => {
  const unavailable = '__debezium_unavailable_value'
  const after = {
    id: 7,
    text: unavailable,
    image: Buffer.from(unavailable).toString('base64'),
    tags: [unavailable],
    note: null,
  }
  const change = read(envelope({ op: 'u', after }))!
  deepEqual([rowOf(change), change.untouched], [{ id: 7, note: null }, ['text', 'image', 'tags']])
  const before = bytes('{"id":7,"text":"long","image":"…","note":"old"}')
  deepEqual(JSON.parse(completed(change.value!, change.untouched, before).toString()), {
    id: 7,
    note: null,
    text: 'long',
    image: '…',
  })
  equal(completed(change.value!, change.untouched, undefined), change.value)
})

for (const value of ['{"ts_ms":1}', '[1]', 'text', '{"op":"m","message":{}}', '{"status":"BEGIN","id":"565"}'])
  test(`${value} is no change of a row`, () => equal(changes()(aRecord({ value: bytes(value) })), null))
