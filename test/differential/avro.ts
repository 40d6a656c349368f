import { avroCodec } from '../../src/bridge/schemas/avro/index.ts'
import type { Random } from './random.ts'

/** A type, and JSON texts of it. */
type Type = Readonly<{ schema: unknown; value: () => string; kind: string }>
type Case = Readonly<{ schema: unknown; values: readonly (readonly [text: string, hex: string, back: string])[] }>

/** A schema with so many values, written and read by Sluice. */
export function avroCase(random: Random, values: number): Case {
  const names = { count: 0 }
  const { schema, value } = recordOf(random, names, 3)
  const { write, read } = avroCodec({ name: 'a.avsc', text: JSON.stringify(schema), references: new Map() })
  return {
    schema,
    values: Array.from({ length: values }, () => {
      const text = value()
      const bytes = write(Buffer.from(text))
      return [text, Buffer.from(bytes).toString('hex'), Buffer.from(read(bytes)).toString()] as const
    }),
  }
}

type Names = { count: number }

function recordOf(random: Random, names: Names, depth: number): Type {
  const own = `R${names.count++}`
  const fields = Array.from({ length: 1 + random.below(6) }, (_, i) => ({
    name: `f${i}`,
    type: typeOf(random, names, depth - 1),
  }))
  return {
    kind: 'object',
    schema: { type: 'record', name: own, fields: fields.map(({ name, type }) => ({ name, type: type.schema })) },
    value: () => `{${fields.map(({ name, type }) => `"${name}":${type.value()}`).join(',')}}`,
  }
}

function decimal(random: Random, schema: object): Type {
  return {
    kind: 'number',
    schema: { ...schema, logicalType: 'decimal', precision: 18, scale: 4 },
    value: () =>
      `${random.of(['', '-'])}${random.below(1e9)}${random.below(1e5)}.${String(random.below(1e4)).padStart(4, '0')}`,
  }
}

function plainOf(random: Random, names: Names): Type {
  const text = (schema: unknown, value: () => string): Type => ({
    kind: 'string',
    schema,
    value: () => JSON.stringify(value()),
  })
  const number = (schema: unknown, value: () => string): Type => ({ kind: 'number', schema, value })
  return random.of<() => Type>([
    () => ({ kind: 'null', schema: 'null', value: () => 'null' }),
    () => ({ kind: 'boolean', schema: 'boolean', value: () => random.of(['true', 'false']) }),
    () => number('int', () => String(random.whole(32))),
    () => number('long', () => String(random.whole(64))),
    () => number('float', () => random.of(['0', '0.1', '-1.5', '3e38', '"NaN"', '"Infinity"'])),
    () => number('double', () => random.real()),
    () => text('string', () => random.text()),
    () => text('bytes', () => random.base64()),
    () => text({ type: 'fixed', name: `F${names.count++}`, size: 5 }, () => random.base64(5)),
    () => text({ type: 'enum', name: `E${names.count++}`, symbols: ['A', 'B', 'C'] }, () => random.of(['A', 'B', 'C'])),
    () => decimal(random, { type: 'bytes' }),
    () => decimal(random, { type: 'fixed', name: `D${names.count++}`, size: 12 }),
    () =>
      text(
        { type: 'string', logicalType: 'uuid' },
        () => '00112233-4455-6677-8899-aabbccddee' + random.of(['00', 'ff']),
      ),
    () => text({ type: 'int', logicalType: 'date' }, () => random.date()),
    () => text({ type: 'int', logicalType: 'time-millis' }, () => random.clock(3)),
    () => text({ type: 'long', logicalType: 'time-micros' }, () => random.clock(6)),
    () => text({ type: 'long', logicalType: 'timestamp-millis' }, () => `${random.date()}T${random.clock(3)}Z`),
    () => text({ type: 'long', logicalType: 'timestamp-micros' }, () => `${random.date()}T${random.clock(6)}Z`),
    () => text({ type: 'long', logicalType: 'local-timestamp-micros' }, () => `${random.date()}T${random.clock(6)}`),
  ])()
}

function typeOf(random: Random, names: Names, depth: number): Type {
  if (depth <= 0 || random.next() < 0.5) return plainOf(random, names)
  return random.of<() => Type>([
    () => recordOf(random, names, depth),
    () => {
      const items = typeOf(random, names, depth - 1)
      return {
        kind: 'array',
        schema: { type: 'array', items: items.schema },
        value: () => `[${random.list(items.value).join(',')}]`,
      }
    },
    () => {
      const values = typeOf(random, names, depth - 1)
      const pair = (i: number): string => `${JSON.stringify(`k${i}${random.text()}`)}:${values.value()}`
      const value = (): string =>
        `{${random
          .list(() => 0)
          .map((_, i) => pair(i))
          .join(',')}}`
      return { kind: 'object', schema: { type: 'map', values: values.schema }, value }
    },
    () => unionOf(random, names, depth),
  ])()
}

const nameOf = (schema: unknown): string =>
  typeof schema === 'string'
    ? schema
    : ((schema as { name?: string; type: string }).name ?? (schema as { type: string }).type)

/** Of several branches, tagged where two are the same in JSON. */
function unionOf(random: Random, names: Names, depth: number): Type {
  const branches: Type[] = []
  for (let i = 0; i < 4; i++) {
    const branch = random.of([() => plainOf(random, names), () => recordOf(random, names, depth - 1)])()
    const isThere = branches.some(({ schema }) => nameOf(schema) === nameOf(branch.schema))
    if (!isThere && !(branch.schema === 'float' || branch.schema === 'double')) branches.push(branch)
  }
  if (branches.length === 0) return plainOf(random, names)
  const shared = (kind: string): boolean => branches.filter(one => one.kind === kind).length > 1
  const tagged = ({ kind }: Type): boolean =>
    shared(kind) || (kind === 'object' && branches.some(one => shared(one.kind)))
  return {
    kind: 'union',
    schema: branches.map(({ schema }) => schema),
    value: () => {
      const branch = random.of(branches)
      return tagged(branch) ? `{"${nameOf(branch.schema)}":${branch.value()}}` : branch.value()
    },
  }
}
