import { isUtf8 } from 'node:buffer'
import { Problem } from './problem.ts'

/** For JSON.parse; `source` is how a number is written. */
export type Reviver = (this: unknown, name: string, value: unknown, context: Readonly<{ source?: string }>) => unknown

const deepest = 64

/** The value of a body. Throws invalid-request for what is no JSON in UTF-8, or is nested deeper than 64 levels. */
export const parseJson = (body: Uint8Array, reviver?: Reviver): unknown => parseText(jsonText(body), reviver)

/** The text of a body. Throws invalid-request when it is not UTF-8, or nested deeper than 64 levels. */
export function jsonText(body: Uint8Array): string {
  if (!isUtf8(body)) throw invalid('The body is not UTF-8.')
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
  if (opensMore(text, deepest) && isDeeper(body, deepest))
    throw invalid(`The body is nested deeper than ${deepest} levels.`)
  return text
}

/** Throws invalid-request for what is no JSON. */
export function parseText(text: string, reviver?: Reviver): unknown {
  try {
    return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1])
  } catch {
    throw invalid('The body is not JSON.') // the parser's message would quote the body
  }
}

/** Whether there are more brackets than that, in strings too: most texts have few, and need not be looked at byte by byte. */
function opensMore(text: string, brackets: number): boolean {
  let count = 0
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++count > brackets) return true
  return false
}

const quote = 0x22
const backslash = 0x5c

/** Whether brackets open more levels than that; in a text that is no JSON it may say anything, in linear time. */
export function isDeeper(json: Uint8Array, levels: number): boolean {
  let level = 0
  let quoted = false
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (quoted) {
      if (byte === backslash) at++
      else if (byte === quote) quoted = false
    } else if (byte === quote) quoted = true
    else if (byte === 0x7b || byte === 0x5b) {
      if (++level > levels) return true
    } else if (byte === 0x7d || byte === 0x5d) level--
  }
  return false
}

const invalid = (detail: string): Problem => new Problem('invalid-request', detail)
