import { parseJson } from '../../json.ts'
import type { Reviver } from '../../json.ts'

const raw = JSON as unknown as Readonly<{ rawJSON: (text: string) => unknown; isRawJSON: (value: unknown) => boolean }>

/**
 * JSON whose numbers keep all their digits: those that a number of JavaScript cannot hold stand for their own text, and are written
 * as it (JSON.rawJSON of ECMAScript 2026). Undefined when it is none.
 */
export function exactJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, exact)
  } catch {
    return undefined
  }
}

/** JSON text as a value that is written as it; the text itself when it is none. */
export function embedded(text: string): unknown {
  const json = exactJson(Buffer.from(text))
  return json === undefined ? text : json
}

const exact: Reviver = (_name, value, { source = '' }) =>
  typeof value !== 'number' || String(value) === source ? value : raw.rawJSON(source)

export type Struct = Readonly<Record<string, unknown>>
export const isStruct = (json: unknown): json is Struct =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !raw.isRawJSON(json)
export const textOf = (json: unknown): string => (typeof json === 'string' ? json : JSON.stringify(json))
