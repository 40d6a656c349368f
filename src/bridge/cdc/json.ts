import { isUtf8 } from 'node:buffer'

type Source = Readonly<{ source?: string }>
const raw = JSON as unknown as Readonly<{ rawJSON: (text: string) => unknown }>

/**
 * JSON whose numbers keep all their digits: those that a number of JavaScript cannot hold stand for their own text, and are written
 * as it (JSON.rawJSON of ECMAScript 2026). Undefined when it is none.
 */
export function exactJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0 || !isUtf8(bytes)) return undefined
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(), exact) as unknown
  } catch {
    return undefined
  }
}

/** JSON text as a value that is written as it; the text itself when it is none. */
export function embedded(text: string): unknown {
  try {
    JSON.parse(text)
    return exactJson(Buffer.from(text))
  } catch {
    return text
  }
}

function exact(_name: string, value: unknown, context?: Source): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return String(value) === context.source ? value : raw.rawJSON(context.source)
}

export type Struct = Readonly<Record<string, unknown>>
export const isStruct = (json: unknown): json is Struct =>
  typeof json === 'object' && json !== null && !Array.isArray(json) && !('rawJSON' in json)
export const textOf = (json: unknown): string => (typeof json === 'string' ? json : JSON.stringify(json))
