import type { Header, Incoming } from '../broker.ts'
import { exactJson } from '../cdc/json.ts'

/**
 * A record of Debezium's outbox event router, as its service meant it: key and headers without the quotes or the schema of
 * Connect's JSON converter, and the payload alone. A payload that is the text `null` is none.
 */
export const fromOutbox = (record: Incoming): Incoming => ({
  ...record,
  key: record.key === null ? null : plain(record.key),
  value: record.value === null ? null : plain(record.value),
  headers: record.headers.map(([name, value]): Header => [name, plain(value) ?? nothing]),
})

const nothing = new Uint8Array()
const quote = 0x22
const brace = 0x7b
const nullText = Buffer.from('null')

/** Bytes as they are, unless the converter wrote JSON text, which may hold JSON itself, or `{"schema": …, "payload": …}`. */
function plain(bytes: Uint8Array): Uint8Array | null {
  if (nullText.equals(bytes)) return null
  const [first] = bytes
  if (first !== quote && first !== brace) return bytes
  const json = exactJson(bytes)
  if (typeof json === 'string') return Buffer.from(json)
  if (!isEnvelope(json)) return bytes
  const { payload } = json
  if (payload === null) return null
  return typeof payload === 'string' ? plain(Buffer.from(payload)) : Buffer.from(JSON.stringify(payload))
}

const isEnvelope = (json: unknown): json is { readonly payload: unknown } =>
  typeof json === 'object' &&
  json !== null &&
  Object.keys(json).length === 2 &&
  Object.hasOwn(json, 'schema') &&
  Object.hasOwn(json, 'payload')
