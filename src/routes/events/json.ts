import { isUtf8 } from 'node:buffer'
import { Problem } from '../../problem.ts'
import { isDeeper } from '../../json.ts'

const deepest = 64

/** What a JSON text says. Throws invalid-request; the parser's own message would quote it. */
export function parseJson(json: Buffer): unknown {
  if (!isUtf8(json)) throw invalid('not UTF-8')
  if (isDeeper(json, deepest)) throw invalid(`nested deeper than ${deepest} levels`)
  try {
    return JSON.parse(json.toString())
  } catch {
    throw invalid('not JSON')
  }
}

const invalid = (what: string): Problem => new Problem('invalid-request', `The event is ${what}.`)

const [quote, backslash] = [0x22, 0x5c]

/** The bytes of a member of a JSON object, as they are written; of several with the name the last, as JSON.parse has it. The text must be valid. */
export function memberOf(json: Buffer, name: string): Buffer | null {
  let found: Buffer | null = null
  let at = json.indexOf(0x7b) + 1
  while (at < json.length) {
    const begin = json.indexOf(quote, at)
    if (begin === -1) break // it has no members
    const end = endOfString(json, begin)
    const from = json.indexOf(0x3a, end) + 1
    const to = endOfValue(json, from)
    if (JSON.parse(json.toString('utf8', begin, end)) === name) found = json.subarray(from, to)
    at = to + 1
  }
  return found
}

/** Behind the quote that ends the string which begins here. */
function endOfString(json: Buffer, begin: number): number {
  let at = begin + 1
  while (json[at] !== quote) at += json[at] === backslash ? 2 : 1
  return at + 1
}

/** Where the comma or the brace stands that ends the value. */
function endOfValue(json: Buffer, from: number): number {
  let depth = 0
  let at = from
  for (;;) {
    const byte = json[at]
    if (byte === quote) {
      at = endOfString(json, at)
      continue
    }
    if (byte === 0x7b || byte === 0x5b) depth++
    else if (depth > 0) {
      if (byte === 0x7d || byte === 0x5d) depth--
    } else if (byte === 0x2c || byte === 0x7d) return at
    at++
  }
}
