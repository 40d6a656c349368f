import { isoTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { decimalText } from '../schemas/numbers.ts'
import { embedded, isStruct } from './json.ts'
import type { Struct } from './json.ts'

/** How the values of a column are written, in Debezium's names: `Decimal(2)`, `Date`, `MicroTimestamp`, … */
export type ColumnType = string
type Decode = (value: unknown) => unknown

const dayMs = 86_400_000
/** What PostgreSQL's `infinity` becomes lies far outside of what a date can be. */
const lastMs = 8_640_000_000_000_000

const decoders: Readonly<Record<string, Decode>> = {
  VariableScaleDecimal: value => (isStruct(value) ? decimal(value['value'], Number(value['scale']) || 0) : value),
  Date: value => dateTime(scaled(value, dayMs * 1_000_000)).slice(0, 10) || value,
  Timestamp: value => dateTime(scaled(value, 1_000_000)) || value,
  MicroTimestamp: value => dateTime(scaled(value, 1_000)) || value,
  NanoTimestamp: value => dateTime(scaled(value, 1)) || value,
  Time: value => dateTime(scaled(value, 1_000_000)).slice(11) || value,
  MicroTime: value => dateTime(scaled(value, 1_000)).slice(11) || value,
  NanoTime: value => dateTime(scaled(value, 1)).slice(11) || value,
  Json: value => (typeof value === 'string' ? embedded(value) : value),
}
export const columnTypes: readonly string[] = ['Decimal(<scale>)', ...Object.keys(decoders)]

/** How to read a column of this type; null: its values are what they seem. */
export function decoderOf(type: ColumnType): Decode | null {
  const scale = /^Decimal\((\d{1,5})\)$/.exec(type)?.[1]
  if (scale !== undefined) return value => decimal(value, Number(scale))
  return decoders[type] ?? null
}

/** The types of the columns, as the schema of an envelope says; empty where it says nothing. */
export function typesOf(schema: unknown): ReadonlyMap<string, ColumnType> {
  const types = new Map<string, ColumnType>()
  const rows = fieldsOf(schema).find(({ field }) => field === 'after' || field === 'before')
  for (const { field, name, parameters } of fieldsOf(rows)) {
    if (typeof field !== 'string' || typeof name !== 'string') continue
    const short = name.slice(name.lastIndexOf('.') + 1)
    const scale = isStruct(parameters) ? Number(parameters['scale']) : NaN
    types.set(field, short === 'Decimal' ? `Decimal(${scale})` : short)
  }
  return types
}

const fieldsOf = (schema: unknown): readonly Struct[] =>
  isStruct(schema) && Array.isArray(schema['fields']) ? schema['fields'].filter(isStruct) : []

/** Base64 of an unscaled big-endian two's complement number, as a decimal of all its digits. */
function decimal(value: unknown, scale: number): unknown {
  if (typeof value !== 'string' || !Number.isInteger(scale)) return value
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length === 0) return value
  const unscaled = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  return scale < 0 ? String(unscaled * 10n ** BigInt(-scale)) : decimalText({ unscaled, scale })
}

/** A count of `unit` nanoseconds, in nanoseconds; null when it is none. */
function scaled(value: unknown, unit: number): bigint | null {
  const text = typeof value === 'number' ? String(value) : ''
  return /^-?\d+$/.test(text) ? BigInt(text) * BigInt(unit) : null
}

/** Without a zone, as the columns have none; empty where it is no date. Parts of a second only as far as they go. */
function dateTime(nanos: bigint | null): string {
  if (nanos === null) return ''
  const second = 1_000_000_000n
  const rest = ((nanos % second) + second) % second
  const ms = Number((nanos - rest) / 1_000_000n)
  if (Math.abs(ms) > lastMs) return ''
  const parts = rest.toString().padStart(9, '0').replace(/0+$/, '')
  return `${isoTime(ms as EpochMs).slice(0, -5)}${parts === '' ? '' : `.${parts}`}`
}
