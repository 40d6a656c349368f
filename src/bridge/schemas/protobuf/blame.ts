import { fromJson, ScalarType } from '@bufbuild/protobuf'
import type { DescField, DescMessage, JsonValue, Registry } from '@bufbuild/protobuf'
import type { Violation } from '../../../problem.ts'
import { step } from '../codec.ts'
import { Digits } from '../numbers.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits)

/** Messages with a JSON of their own. */
const isOwn = ({ typeName }: DescMessage): boolean => typeName.startsWith('google.protobuf.')

const fieldsOf = (desc: DescMessage): ReadonlyMap<string, DescField> =>
  new Map(desc.fields.flatMap(field => [[field.name, field] as const, [field.jsonName, field] as const]))

/** The message that values of a field are, each; null when they are none. */
const messageOf = (field: DescField): DescMessage | null => {
  const { message } = field
  return message === undefined || isOwn(message) ? null : message
}

const wide: ReadonlySet<string> = new Set(['google.protobuf.Int64Value', 'google.protobuf.UInt64Value'])

/** A value whose long numbers are as Protobuf's JSON takes them: text of 64 bits; digits where no number may be stay and are refused. */
export function plainNumbers(desc: DescMessage, value: unknown): JsonValue {
  if (value instanceof Digits && wide.has(desc.typeName)) return value.text
  if (!isObject(value) || isOwn(desc)) return numbers(value) as JsonValue
  const fields = fieldsOf(desc)
  const entries = Object.entries(value).map(([name, inner]) => [name, fieldNumbers(fields.get(name), inner)])
  return Object.fromEntries(entries) as JsonValue
}

function fieldNumbers(field: DescField | undefined, value: unknown): unknown {
  if (field === undefined) return value
  if (field.fieldKind === 'list' && Array.isArray(value)) return value.map(one => oneNumber(field, one))
  if (field.fieldKind === 'map' && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, oneNumber(field, one)]))
  return oneNumber(field, value)
}

const texts: ReadonlySet<ScalarType | undefined> = new Set([ScalarType.STRING, ScalarType.BYTES, ScalarType.BOOL])

function oneNumber(field: DescField, value: unknown): unknown {
  if (field.message !== undefined) return plainNumbers(field.message, value)
  if (!(value instanceof Digits)) return value
  return texts.has(field.scalar) ? Number(value.text) : value.text
}

/** Of messages with a JSON of their own. */
function numbers(value: unknown): unknown {
  if (value instanceof Digits) return Number(value.text)
  if (Array.isArray(value)) return value.map(numbers)
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, numbers(one)])) : value
}

/** Everything that is wrong with a value of which it is known that something is: each field is tried by itself. */
export function blame(desc: DescMessage, value: unknown, registry: Registry, pointer = ''): readonly Violation[] {
  const whole = (): readonly Violation[] => {
    const message = failure(desc, value as JsonValue, registry)
    return message === null ? [] : [{ pointer, message }]
  }
  if (!isObject(value) || isOwn(desc)) return whole()
  const fields = fieldsOf(desc)
  const found = Object.entries(value).flatMap(([name, inner]): readonly Violation[] => {
    const field = fields.get(name)
    const place = step(pointer, name.slice(0, 100))
    if (field === undefined) return [{ pointer: place, message: 'is not known' }]
    const message = messageOf(field)
    if (message !== null && isObject(inner) && field.fieldKind === 'message')
      return blame(message, inner, registry, place)
    const parts = partsOf(field, inner)
    if (parts !== null)
      return parts.flatMap(([part, one, alone]) => {
        const there = step(place, part)
        if (message !== null && isObject(one)) return blame(message, one, registry, there)
        const said = failure(desc, { [name]: alone } as JsonValue, registry)
        return said === null ? [] : [{ pointer: there, message: said }]
      })
    const said = failure(desc, { [name]: inner } as JsonValue, registry)
    return said === null ? [] : [{ pointer: place, message: said }]
  })
  return found.length > 0 ? found : whole()
}

/** The elements of a list or a map, each also as the only one. */
function partsOf(field: DescField, value: unknown): readonly (readonly [string | number, unknown, unknown])[] | null {
  if (field.fieldKind === 'list' && Array.isArray(value))
    return value.map((one: unknown, i) => [i, one, [one]] as const)
  if (field.fieldKind === 'map' && isObject(value))
    return Object.entries(value).map(([name, one]) => [name, one, { [name]: one }] as const)
  return null
}

function failure(desc: DescMessage, value: JsonValue, registry: Registry): string | null {
  try {
    fromJson(desc, value, { registry })
    return null
  } catch (error) {
    return (error as Error).message.replace(/^cannot decode (?:field |message )?\S+ from JSON: /, '').slice(0, 300)
  }
}
