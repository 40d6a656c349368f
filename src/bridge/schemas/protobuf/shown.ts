import { ScalarType } from '@bufbuild/protobuf'
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf'

type Json = Readonly<Record<string, unknown>>

const text = { type: 'string' } as const
const whole = { type: 'integer' } as const
const wide = { type: ['string', 'integer'], format: 'int64' } as const
const real = { type: ['number', 'string'] } as const

const scalars: Readonly<Record<ScalarType, Json>> = {
  [ScalarType.DOUBLE]: real,
  [ScalarType.FLOAT]: real,
  [ScalarType.INT64]: wide,
  [ScalarType.UINT64]: wide,
  [ScalarType.INT32]: whole,
  [ScalarType.FIXED64]: wide,
  [ScalarType.FIXED32]: whole,
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.UINT32]: whole,
  [ScalarType.SFIXED32]: whole,
  [ScalarType.SFIXED64]: wide,
  [ScalarType.SINT32]: whole,
  [ScalarType.SINT64]: wide,
}

const own: Readonly<Record<string, Json>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': text,
  'google.protobuf.FieldMask': text,
  'google.protobuf.Struct': { type: 'object' },
}

/** What the JSON of a message is, as a JSON Schema at that place; the messages in it stand in its `$defs`. */
export function shownProtobuf(root: DescMessage, place: string): Json {
  const defs: Record<string, Json> = {}
  const message = (desc: DescMessage): Json => {
    if (desc === root) return { $ref: place }
    if (desc.typeName.startsWith('google.protobuf.')) return own[desc.typeName] ?? {}
    if (!Object.hasOwn(defs, desc.typeName)) {
      defs[desc.typeName] = {} // it may refer to itself
      defs[desc.typeName] = objectOf(desc)
    }
    return { $ref: `${place}/$defs/${desc.typeName}` }
  }
  const one = (field: DescField): Json =>
    field.message !== undefined
      ? message(field.message)
      : field.enum !== undefined
        ? symbols(field.enum)
        : field.scalar === undefined
          ? {}
          : scalars[field.scalar]
  const shown = (field: DescField): Json =>
    field.fieldKind === 'list'
      ? { type: 'array', items: one(field) }
      : field.fieldKind === 'map'
        ? { type: 'object', additionalProperties: one(field) }
        : one(field)
  const objectOf = ({ fields }: DescMessage): Json => ({
    type: 'object',
    properties: Object.fromEntries(fields.map(field => [field.jsonName, shown(field)])),
    additionalProperties: false,
  })
  const whole = objectOf(root)
  return Object.keys(defs).length === 0 ? whole : { ...whole, $defs: defs }
}

const symbols = ({ values }: DescEnum): Json => ({ type: 'string', enum: values.map(({ name }) => name) })
