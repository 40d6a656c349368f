import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { avroCodec } from '../../../../src/bridge/schemas/avro/index.ts'
import type { Codec } from '../../../../src/bridge/schemas/codec.ts'
import { jsonCodec } from '../../../../src/bridge/schemas/json.ts'
import { protobufCodec } from '../../../../src/bridge/schemas/protobuf/index.ts'
import { framedOf, framer, readFramed } from '../../../../src/bridge/schemas/registry/frame.ts'
import type { Framing } from '../../../../src/bridge/schemas/registry/frame.ts'
import { bytes } from '../../../help/record.ts'

const source = (text: string, message?: string) => ({ name: 'a', text, references: new Map<string, string>(), message })
const record = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'amount', type: 'long' },
  ],
}
const proto = `syntax = "proto3"; package acme; message Other { int32 a = 1; }
message Order { string order_id = 1; int64 amount = 2; message Line { int32 n = 1; } }`
const codecs = {
  avro: avroCodec(source(JSON.stringify(record))),
  json: jsonCodec(source('{}')),
  protobuf: protobufCodec(source(proto, 'acme.Order')),
} as const
const json = bytes('{"orderId":"o-1","amount":9007199254740993}')
const ids = [
  { kind: 'content', value: '1' },
  { kind: 'global', value: '2' },
  { kind: 'schema', value: '3' },
  { kind: 'guid', value: '00112233-4455-6677-8899-aabbccddeeff' },
] as const

/** As `value header=value`, in hex. */
function written(codec: Codec, framing: Framing): string {
  const { value, headers } = framer(framing, ids, codec)(codec.write(json))
  const hex = (one: Uint8Array): string => Buffer.from(one).toString('hex')
  return [hex(value), ...headers.map(([name, one]) => `${name}=${hex(one)}`)].join(' ')
}
const apicurio = (idsIn: Framing['idsIn'], kind: Framing['ids'] = 'content'): Framing => ({
  kind: 'apicurio',
  ids: kind,
  idsIn,
})
const confluent = (idsIn: Framing['idsIn']): Framing => ({ kind: 'confluent', ids: 'schema', idsIn })

test('values are framed as the serializers of Apicurio do it', () => {
  equal(written(codecs.avro, apicurio('payload')), '0000000001066f2d318280808080808020')
  equal(written(codecs.avro, apicurio('payload', 'global')), '0000000002066f2d318280808080808020')
  equal(
    written(codecs.avro, apicurio('headers')),
    '066f2d318280808080808020 apicurio.value.contentId=0000000000000001 apicurio.value.encoding=42494e415259',
  )
  equal(written(codecs.protobuf, apicurio('payload')), '0000000001070a054f726465720a036f2d31108180808080808010')
  equal(
    written(codecs.protobuf, apicurio('headers')),
    '070a054f726465720a036f2d31108180808080808010 apicurio.value.contentId=0000000000000001 apicurio.protobuf.type=4f72646572',
  )
  equal(written(codecs.json, apicurio('payload')), `0000000001${json.toString('hex')}`)
})

test('values are framed as the serializers of Confluent do it', () => {
  equal(written(codecs.avro, confluent('payload')), '0000000003066f2d318280808080808020')
  equal(written(codecs.protobuf, confluent('payload')), '000000000302020a036f2d31108180808080808010')
  const guid = '__value_schema_id=0100112233445566778899aabbccddeeff'
  equal(written(codecs.avro, confluent('headers')), `066f2d318280808080808020 ${guid}`)
  equal(written(codecs.protobuf, confluent('headers')), `0a036f2d31108180808080808010 ${guid}0202`)
  const first = protobufCodec(source(proto))
  equal(Buffer.from(framer(confluent('payload'), ids, first)(Buffer.alloc(0)).value).toString('hex'), '000000000300')
  const inner = protobufCodec(source(proto, 'acme.Order.Line'))
  equal(
    Buffer.from(framer(confluent('payload'), ids, inner)(Buffer.alloc(0)).value).toString('hex'),
    '0000000003040200',
  )
})

test('what is framed in any way is read again, headers before the first byte', () => {
  for (const codec of Object.values(codecs))
    for (const framing of [
      apicurio('payload'),
      apicurio('headers'),
      apicurio('headers', 'global'),
      confluent('payload'),
      confluent('headers'),
    ]) {
      const { value, headers } = framer(framing, ids, codec)(codec.write(json))
      const framed = framedOf({ value, headers }, framing)
      equal(
        framed !== null && ids.some(({ kind, value: id }) => kind === framed.id.kind && id === framed.id.value),
        true,
      )
      deepEqual(framed === null ? null : JSON.parse(Buffer.from(readFramed(framed, codec)).toString()).orderId, 'o-1')
    }
  const zero = {
    value: Buffer.from('0000000009', 'hex'),
    headers: [['apicurio.value.contentId', Buffer.alloc(8, 0)]] as const,
  }
  deepEqual(framedOf(zero, apicurio('payload'))?.id, { kind: 'content', value: '0' })
})

test('what names no schema, no message or none that there is, is told', () => {
  const read = (hex: string, framing: Framing, codec: Codec = codecs.protobuf) => {
    const framed = framedOf({ value: Buffer.from(hex, 'hex'), headers: [] }, framing)
    return framed === null ? null : readFramed(framed, codec)
  }
  for (const hex of ['', '00', '0102030405', '7b7d']) equal(read(hex, confluent('payload')), null)
  for (const hex of ['0000000001', '0000000001ff', '00000000010502', '000000000102ff', '00000000010a'])
    throws(() => read(hex, confluent('payload')), { name: 'Violations' })
  for (const hex of [
    '0000000001',
    '0000000001070a05',
    '0000000001020b00',
    '0000000001040a024f4f',
    '0000000001ffffffffff',
  ])
    throws(() => read(hex, apicurio('payload')), { name: 'Violations' })
  throws(() => framer(confluent('headers'), ids.slice(0, 3), codecs.avro), {
    message: 'the registry gives it no guid id',
  })
})

test('a key has headers of its own, and those of the value say nothing of it', () => {
  const eight = Buffer.from('0000000000000007', 'hex')
  const guid = Buffer.from('0100112233445566778899aabbccddeeff', 'hex')
  const value = Buffer.from('{}')
  const said = (name: string, bytes: Uint8Array, part: 'value' | 'key') =>
    framedOf({ value, headers: [[name, bytes]] }, apicurio('payload'), part)?.id ?? null
  deepEqual(said('apicurio.key.contentId', eight, 'key'), { kind: 'content', value: '7' })
  deepEqual(said('apicurio.key.globalId', eight, 'key'), { kind: 'global', value: '7' })
  deepEqual(said('__key_schema_id', guid, 'key'), { kind: 'guid', value: '00112233-4455-6677-8899-aabbccddeeff' })
  for (const name of ['apicurio.key.contentId', 'apicurio.key.globalId']) equal(said(name, eight, 'value'), null)
  for (const name of ['apicurio.value.contentId', 'apicurio.value.globalId']) equal(said(name, eight, 'key'), null)
  equal(said('__key_schema_id', guid, 'value'), null)
  equal(said('__value_schema_id', guid, 'key'), null)
})
