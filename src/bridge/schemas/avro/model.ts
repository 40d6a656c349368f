import avro from 'avsc'
import type { Schema, Type } from 'avsc'
import type { Source } from '../codec.ts'
import type { Decimals } from './time.ts'

const plain = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
type PlainKind = (typeof plain)[number]

/** An Avro type, with what its logical type says of it. `tag` names it as a branch of a union. */
export type Node = Readonly<{ tag: string }> & Shape
type Shape = Readonly<
  | { [Kind in PlainKind | 'date']: { kind: Kind } }[PlainKind | 'date']
  | { kind: 'fixed'; size: number }
  | { kind: 'enum'; symbols: readonly string[] }
  | { kind: 'array' | 'map'; items: Node }
  | { kind: 'record'; fields: readonly Field[] }
  | { kind: 'union'; branches: readonly Node[] }
  | { kind: 'decimal'; precision: number; scale: number; size: number | null } // null: bytes, as many as it needs
  | { kind: 'moment'; decimals: Decimals; local: boolean }
  | { kind: 'clock'; decimals: Decimals }
  | { kind: 'uuid'; size: number | null } // null: as text
>
/** `fallback` is the default as it is written; null when there is none. */
export type Field = Readonly<{ name: string; type: Node; fallback: Uint8Array | null }>

type Attributes = Readonly<Record<string, unknown>>
const attributes = new WeakMap<Type, Attributes>()

/** Keeps what a logical type says, and leaves values as they are. */
class Kept extends avro.types.LogicalType {
  constructor(schema: Schema, options?: object) {
    super(schema, options)
    attributes.set(this, schema as unknown as Attributes)
  }
  protected override _fromValue(value: unknown): unknown {
    return value
  }
  protected override _toValue(value: unknown): unknown {
    return value
  }
}

const moments: Readonly<Record<string, Decimals>> = { millis: 3, micros: 6, nanos: 9 }
const logical = [
  'decimal',
  'uuid',
  'date',
  'time-millis',
  'time-micros',
  ...Object.keys(moments).flatMap(unit => [`timestamp-${unit}`, `local-timestamp-${unit}`]),
]
const logicalTypes = Object.fromEntries(logical.map(name => [name, Kept]))

/** 64 bits, all of them: avsc's own refuses what JavaScript would round, also as a default. */
const wideLong = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(value)
    return bytes
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
})

/** Reads a schema; of a list of types the one with the name, else the last. Throws an Error of one sentence. */
export function modelOf({ name, text, references, message }: Source): Node {
  const registry: Record<string, Type> = { long: wideLong }
  const parsed = (what: string, content: string): Type => {
    try {
      // a copy of the options each time, as avsc keeps its place in them
      return avro.Type.forSchema(
        JSON.parse(content) as Schema,
        { registry, logicalTypes, wrapUnions: 'always' } as object,
      )
    } catch (error) {
      throw new Error(`${what} does not compile: ${(error as Error).message}.`, { cause: error })
    }
  }
  for (const [reference, content] of references) parsed(reference, content)
  const type = parsed(name, text)
  const root = type instanceof avro.types.WrappedUnionType ? chosen(type, message, name) : type
  if (message !== undefined && root.name !== message) throw new Error(`${name} has no type ${message}.`)
  return nodeOf(root, new Map())
}

/** Of a file with several types the last, which those before it are for. */
function chosen(type: avro.types.WrappedUnionType, message: string | undefined, name: string): Type {
  const types = type.types as readonly Type[]
  if (message === undefined) return types.every(one => one.name !== undefined) ? (types.at(-1) as Type) : type
  const found = types.find(one => one.name === message)
  if (found === undefined) throw new Error(`${name} has no type ${message}.`)
  return found
}

type Known = Map<Type, Node>

function nodeOf(type: Type, known: Known): Node {
  const before = known.get(type)
  if (before !== undefined) return before
  if (type instanceof avro.types.LogicalType) return logicalNode(type, known)
  if (type instanceof avro.types.RecordType) {
    const tag = type.name ?? ''
    const fields: Field[] = []
    const record: Node = { kind: 'record', tag, fields }
    known.set(type, record) // it may refer to itself
    for (const field of type.fields) fields.push(fieldOf(field, known))
    return record
  }
  const shape = shapeOf(type, known)
  const node: Node = { tag: type.name ?? shape.kind, ...shape }
  known.set(type, node)
  return node
}

function fieldOf(field: avro.types.Field, known: Known): Field {
  const { name, type } = field
  const value: unknown = field.defaultValue()
  return { name, type: nodeOf(type, known), fallback: value === undefined ? null : type.toBuffer(value) }
}

function shapeOf(type: Type, known: Known): Shape {
  if (type instanceof avro.types.FixedType) return { kind: 'fixed', size: type.size }
  if (type instanceof avro.types.EnumType) return { kind: 'enum', symbols: type.symbols }
  if (type instanceof avro.types.ArrayType) return { kind: 'array', items: nodeOf(type.itemsType, known) }
  if (type instanceof avro.types.MapType) return { kind: 'map', items: nodeOf(type.valuesType as Type, known) }
  if (type instanceof avro.types.WrappedUnionType)
    return { kind: 'union', branches: (type.types as readonly Type[]).map(one => nodeOf(one, known)) }
  const { typeName } = type
  const kind = typeName === 'abstract:long' ? 'long' : plain.find(name => name === typeName)
  if (kind === undefined) throw new Error(`The type ${typeName} is not understood.`)
  return { kind }
}

/** A logical type that does not suit its type is none, as the standard has it. */
function logicalNode(type: avro.types.LogicalType, known: Known): Node {
  const under = nodeOf(type.underlyingType, known)
  const shape = logicalShape(attributes.get(type) ?? {}, under)
  return shape === null ? under : { tag: under.tag, ...shape }
}

function logicalShape(said: Attributes, under: Node): Shape | null {
  const name = said['logicalType'] as string
  const size = under.kind === 'fixed' ? under.size : null
  if (name === 'decimal') {
    const [precision, scale] = [Number(said['precision']), Number(said['scale'] ?? 0)]
    const isDecimal =
      Number.isInteger(precision) && Number.isInteger(scale) && precision > 0 && scale >= 0 && scale <= precision
    return isDecimal && (under.kind === 'bytes' || size !== null) ? { kind: 'decimal', precision, scale, size } : null
  }
  if (name === 'uuid') return under.kind === 'string' || size === 16 ? { kind: 'uuid', size } : null
  if (name === 'date') return under.kind === 'int' ? { kind: 'date' } : null
  if (name === 'time-millis') return under.kind === 'int' ? { kind: 'clock', decimals: 3 } : null
  if (under.kind !== 'long') return null
  if (name === 'time-micros') return { kind: 'clock', decimals: 6 }
  const decimals = moments[name.slice(name.lastIndexOf('-') + 1)]
  return decimals === undefined ? null : { kind: 'moment', decimals, local: name.startsWith('local-') }
}
