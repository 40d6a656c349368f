import type { IncomingHttpHeaders } from 'node:http'
import { events } from '../events.ts'
import { Problem } from '../problem.ts'

const longest = 255
/** A string of RFC 9651: printable ASCII in quotes, of which `"` and `\` stand behind a backslash. Parameters are passed over. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"(?:\s*;.*)?$/
const bare = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]+$/ // no blank, quote, comma or semicolon

/**
 * The Idempotency-Key of a request, or null. It should be a structured-field string, but most clients send it bare: that is
 * taken, and counted. Throws invalid-request for what is neither, or longer than 255 characters.
 */
export function repeatOf(route: string, headers: IncomingHttpHeaders): string | null {
  const field = headers['idempotency-key']
  if (field === undefined) return null
  const text = String(field).trim()
  if (text.length > longest + 2) throw invalid(`longer than ${longest} characters`)
  const [, string] = quoted.exec(text) ?? []
  if (string !== undefined) return string.replaceAll(/\\(.)/g, '$1')
  if (!bare.test(text)) throw invalid('neither a string in quotes nor a bare token')
  if (events.replay.hasSubscribers) events.replay.publish({ route, result: 'bare' })
  return text
}

const invalid = (what: string): Problem => new Problem('invalid-request', `The Idempotency-Key is ${what}.`)
