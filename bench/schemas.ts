// What schemas cost beside their libraries alone, in alternating rounds and in CPU time: npm run bench:schemas.
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import avro from 'avsc'
import { avroCodec } from '../src/bridge/schemas/avro/index.ts'
import { jsonCodec } from '../src/bridge/schemas/json.ts'

const line = { sku: 'SKU-0000000', name: 'A thing of some length', quantity: 3, price: 19.99, gift: false }
const order = {
  orderId: 'o-0123456789',
  customer: { id: 'c-0123456789', name: 'Zoë Example', mail: 'zoe@example.com' },
  placedAt: 1_764_331_200_000,
  currency: 'EUR',
  lines: Array.from({ length: 8 }, (_, i) => ({ ...line, sku: `SKU-000000${i}` })),
  note: 'Please ring twice.',
}
const text = JSON.stringify(order)
const body = Buffer.from(text)

const string = { type: 'string' } as const
const object = (properties: object) => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  additionalProperties: false,
})
const jsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...object({
    orderId: { type: 'string', pattern: '^o-[0-9]{10}$' },
    customer: object({
      id: string,
      name: { type: 'string', maxLength: 100 },
      mail: { type: 'string', format: 'email' },
    }),
    placedAt: { type: 'integer', minimum: 0 },
    currency: { enum: ['EUR', 'USD'] },
    lines: {
      type: 'array',
      maxItems: 100,
      items: object({
        sku: string,
        name: string,
        quantity: { type: 'integer', minimum: 1 },
        price: { type: 'number', minimum: 0 },
        gift: { type: 'boolean' },
      }),
    },
    note: string,
  }),
}
const record = (name: string, fields: Readonly<Record<string, unknown>>) => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([name, type]) => ({ name, type })),
})
const avroSchema = record('Order', {
  orderId: 'string',
  customer: record('Customer', { id: 'string', name: 'string', mail: 'string' }),
  placedAt: 'long',
  currency: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD'] },
  lines: {
    type: 'array',
    items: record('Line', { sku: 'string', name: 'string', quantity: 'int', price: 'double', gift: 'boolean' }),
  },
  note: 'string',
})

const source = (schema: object) => ({
  name: 'order',
  text: JSON.stringify(schema),
  references: new Map<string, string>(),
})
const ajv = new Ajv2020()
addFormats.default(ajv)
const validate = ajv.compile(jsonSchema)
const type = avro.Type.forSchema(avroSchema as avro.Schema)
const [json, binary] = [jsonCodec(source(jsonSchema)), avroCodec(source(avroSchema))]
const encoded = type.toBuffer(order)
if (Buffer.compare(encoded, Buffer.from(binary.write(body))) !== 0) throw new Error('The two do not write the same.')

type Contest = Readonly<{ what: string; alone: () => unknown; sluice: () => unknown; most: number }>
const contests: readonly Contest[] = [
  {
    what: 'JSON Schema, beside ajv',
    alone: () => validate(JSON.parse(body.toString())),
    sluice: () => json.write(body),
    most: 1.3,
  },
  {
    what: 'JSON to Avro, beside avsc',
    alone: () => type.toBuffer(JSON.parse(body.toString())),
    sluice: () => binary.write(body),
    most: 1.3,
  },
  {
    what: 'Avro to JSON, beside avsc',
    alone: () => Buffer.from(JSON.stringify(type.fromBuffer(encoded))),
    sluice: () => binary.read(encoded),
    most: 1.3,
  },
]

const runs = 20_000
function microseconds(run: () => unknown): number {
  const started = process.cpuUsage()
  for (let i = 0; i < runs; i++) run()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / runs
}
const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0

console.log(`An order of ${body.length} bytes, ${encoded.length} in Avro; median of 7 alternating rounds of ${runs}.\n`)
console.log('| what | alone (µs) | Sluice (µs) | ratio | at most |\n|---|---|---|---|---|')
for (const { what, alone, sluice, most } of contests) {
  const [mine, theirs, ratios]: [number[], number[], number[]] = [[], [], []]
  for (let round = -1; round < 7; round++) {
    const [a, b] = [microseconds(alone), microseconds(sluice)]
    if (round < 0) continue // warm
    theirs.push(a)
    mine.push(b)
    ratios.push(b / a)
  }
  const ratio = median(ratios)
  console.log(`| ${what} | ${median(theirs).toFixed(2)} | ${median(mine).toFixed(2)} | ${ratio.toFixed(2)} | ${most} |`)
  if (ratio > most) process.exitCode = 1
}
