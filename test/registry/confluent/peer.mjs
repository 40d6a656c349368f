// Reads lines `write|read format mode topic payload [headers]` and answers each with one line, by the client of Confluent.
import { createInterface } from 'node:readline'
import { createFileRegistry, create, fromBinary, fromJson, toJson } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import * as c from '@confluentinc/schemaregistry'

const [url, descriptor] = process.argv.slice(2)
const client = c.SchemaRegistryClient.newClient({ baseURLs: [url], maxRetries: 0 })
const files = createFileRegistry(
  fromBinary(FileDescriptorProtoSchema, Buffer.from(descriptor, 'base64')),
  () => undefined,
)
const order = files.getMessage('acme.Order')

const kinds = {
  avro: [c.AvroSerializer, c.AvroDeserializer],
  json: [c.JsonSerializer, c.JsonDeserializer],
  protobuf: [c.ProtobufSerializer, c.ProtobufDeserializer],
}
const hex = bytes => Buffer.from(bytes).toString('hex')

async function answer([what, format, mode, topic, payload, ...more]) {
  const [Serializer, Deserializer] = kinds[format]
  if (what === 'write') {
    const conf = { useLatestVersion: true, autoRegisterSchemas: false }
    if (mode === 'headers') conf.schemaIdSerializer = c.HeaderSchemaIdSerializer
    if (format === 'protobuf') conf.registry = files
    const serializer = new Serializer(client, c.SerdeType.VALUE, conf)
    const json = JSON.parse(payload)
    const headers = {}
    const bytes = await serializer.serialize(topic, format === 'protobuf' ? fromJson(order, json) : json, headers)
    return ['ok', hex(bytes), ...Object.entries(headers).map(([name, value]) => `${name}=${hex(value)}`)].join(' ')
  }
  const headers = Object.fromEntries(
    more.filter(one => one !== '').map(one => [one.split('=')[0], Buffer.from(one.split('=')[1], 'hex')]),
  )
  const value = await new Deserializer(client, c.SerdeType.VALUE, {}).deserialize(
    topic,
    Buffer.from(payload, 'hex'),
    headers,
  )
  return `ok ${JSON.stringify(format === 'protobuf' ? toJson(order, create(order, { orderId: value.orderId, amount: value.amount })) : value)}`
}

console.log('ready')
for await (const line of createInterface(process.stdin))
  console.log(await answer(line.split(' ')).catch(error => `error ${String(error.stack).replaceAll('\n', ' ')}`))
