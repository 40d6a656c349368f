import type { IncomingHttpHeaders } from 'node:http'
import type { Pair } from '../call.ts'

const none: readonly Pair[] = []
const longestState = 4_096
const longestBaggage = 8_192

/** The trace context of a request as it may travel on: a valid `traceparent` with its `tracestate`, and the `baggage`. */
export function traceOf(headers: IncomingHttpHeaders): readonly Pair[] {
  const parent = headers['traceparent']
  const { baggage } = headers
  if (parent === undefined && baggage === undefined) return none
  const trace: Pair[] = []
  if (typeof parent === 'string' && isTraceparent(parent)) {
    trace.push(['traceparent', parent])
    const state = headers['tracestate']
    if (typeof state === 'string' && state.length <= longestState && isPrintable(state))
      trace.push(['tracestate', state])
  }
  if (typeof baggage === 'string' && baggage.length <= longestBaggage && isPrintable(baggage))
    trace.push(['baggage', baggage])
  return trace
}

/**
 * W3C Trace Context: `<version>-<trace id>-<parent id>-<flags>` in lower-case hexadecimal, ids not all zero. Version ff is
 * forbidden, 00 ends after the flags, a later one may go on behind another hyphen.
 */
export function isTraceparent(text: string): boolean {
  if (text.length < 55 || text.length > 512) return false
  if (text.length > 55 && (text.startsWith('00') || text[55] !== '-' || !isPrintable(text))) return false
  if (text[2] !== '-' || text[35] !== '-' || text[52] !== '-' || text.startsWith('ff')) return false
  return isHex(text, 0, 2) && isHex(text, 53, 55) && isId(text, 3, 35) && isId(text, 36, 52)
}

function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}

function isId(text: string, from: number, to: number): boolean {
  if (!isHex(text, from, to)) return false
  for (let at = from; at < to; at++) if (text[at] !== '0') return true
  return false
}

function isPrintable(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20 || text.charCodeAt(at) > 0x7e) return false
  return true
}
