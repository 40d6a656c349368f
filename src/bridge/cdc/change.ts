import type { Header, Incoming } from '../broker.ts'
import { isoTime } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { decoderOf, typesOf } from './columns.ts'
import type { ColumnType } from './columns.ts'
import { exactJson, isStruct, textOf } from './json.ts'
import type { Struct } from './json.ts'

/** A row as it is after a change, in place of the envelope that told of it; without a value the row is gone. */
export type Change = Incoming &
  Readonly<{
    /** Columns that the connector could not see, as they are large and were not touched: they are as they were. */
    untouched: readonly string[]
  }>
/** Types of columns where the envelopes come without schemas. */
export type Columns = Readonly<Record<string, ColumnType>>

const unavailable = '__debezium_unavailable_value'
const unavailableForms: ReadonlySet<string> = new Set([unavailable, Buffer.from(unavailable).toString('base64')])
const none: readonly string[] = []

/**
 * Reads records of Debezium's connectors: envelopes with and without schemas, keys that are structs or text, tombstones. What is
 * told of the change becomes the attributes of a CloudEvent, in headers. Null for what is no change of a row, such as a heartbeat.
 */
export function changes(columns: Columns = {}): (record: Incoming) => Change | null {
  const known = new Map(Object.entries(columns))
  return function change(record) {
    const key = record.key === null ? null : Buffer.from(keyText(record.key))
    if (record.value === null) return { ...record, key, untouched: none }
    const json = exactJson(record.value)
    const schema = isStruct(json) && isStruct(json['schema']) ? json['schema'] : null
    const envelope = isStruct(json) && schema !== null ? json['payload'] : json
    if (!isStruct(envelope) || typeof envelope['op'] !== 'string' || !('after' in envelope)) return null
    const headers = [...record.headers, ...attributesOf(record, envelope)]
    const after = envelope['after']
    if (!isStruct(after)) return { ...record, key, value: null, headers, untouched: none }
    const types = schema === null ? known : new Map([...typesOf(schema), ...known])
    const { row, untouched } = rowOf(after, types)
    return { ...record, key, value: Buffer.from(JSON.stringify(row)), headers, untouched }
  }
}

function rowOf(after: Struct, types: ReadonlyMap<string, ColumnType>): Readonly<{ row: Struct; untouched: string[] }> {
  const row: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const untouched: string[] = []
  for (const [column, value] of Object.entries(after)) {
    const type = types.get(column)
    const decode = type === undefined || value === null ? null : decoderOf(type)
    if (isUnavailable(value)) untouched.push(column)
    else row[column] = decode === null ? value : decode(value)
  }
  return { row, untouched }
}

const isUnavailable = (value: unknown): boolean =>
  typeof value === 'string'
    ? unavailableForms.has(value)
    : Array.isArray(value) && value.length === 1 && isUnavailable(value[0])

/** The row as it is, with what it had before where the connector could not see it. Both are JSON. */
export function completed(value: Uint8Array, untouched: readonly string[], before: Uint8Array | undefined): Uint8Array {
  if (untouched.length === 0 || before === undefined) return value
  const [row, old] = [exactJson(value), exactJson(before)]
  if (!isStruct(row) || !isStruct(old)) return value
  const kept = untouched.filter(column => Object.hasOwn(old, column)).map(column => [column, old[column]] as const)
  return Buffer.from(JSON.stringify({ ...row, ...Object.fromEntries(kept) }))
}

/** Of a key with one column its value, else the columns as JSON; without the schema, quotes or `Struct{}` around it. */
function keyText(bytes: Uint8Array): string | Uint8Array {
  const json = exactJson(bytes)
  if (json === undefined) {
    const text = Buffer.from(bytes).toString()
    return /^Struct\{[^=,{}]+=([^=,{}]*)\}$/.exec(text)?.[1] ?? bytes
  }
  const payload = isStruct(json) && 'schema' in json && 'payload' in json ? json['payload'] : json
  if (!isStruct(payload)) return typeof payload === 'string' ? payload : JSON.stringify(payload)
  const values = Object.values(payload)
  return values.length === 1 ? textOf(values[0]) : JSON.stringify(payload)
}

/** As Debezium's own CloudEvents converter names them; the id is where the record is, so that it is the same for everybody. */
function* attributesOf({ topic, partition, offset }: Incoming, envelope: Struct): Iterable<Header> {
  const source = isStruct(envelope['source']) ? envelope['source'] : {}
  const transaction = isStruct(envelope['transaction']) ? envelope['transaction'] : {}
  const connector = textOf(source['connector'] ?? 'unknown')
  yield header('ce_specversion', '1.0')
  yield header('ce_id', `${topic}-${partition}-${offset}`)
  yield header('ce_source', `/debezium/${connector}/${textOf(source['name'] ?? topic)}`)
  yield header('ce_type', `io.debezium.connector.${connector}.DataChangeEvent`)
  const ms = Number(source['ts_ms'] ?? envelope['ts_ms'])
  if (Number.isSafeInteger(ms)) yield header('ce_time', isoTime(ms as EpochMs))
  yield header('ce_iodebeziumop', textOf(envelope['op']))
  for (const [name, attribute] of [
    ['db', 'ce_iodebeziumdb'],
    ['schema', 'ce_iodebeziumschema'],
    ['table', 'ce_iodebeziumtable'],
    ['snapshot', 'ce_iodebeziumsnapshot'],
  ] as const)
    if (source[name] !== undefined && source[name] !== null) yield header(attribute, textOf(source[name]))
  // what follows the colon is the position of the event alone, and differs within a transaction
  if (typeof transaction['id'] === 'string') yield header('ce_iodebeziumtxid', transaction['id'].split(':')[0] ?? '')
}

const header = (name: string, text: string): Header => [name, Buffer.from(text)]
