import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { faultKinds, faults } from '../fault.ts'
import type { Fault } from '../fault.ts'
import { Problem } from '../problem.ts'

/** What a request asks to go wrong with it; null: nothing, or nothing that it may ask for. Throws invalid-request. */
export type FaultsOf = (headers: IncomingHttpHeaders) => readonly Fault[] | null

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Reads the headers `x-fault-…` of requests that bring the token in `x-fault-token`; of all others they mean nothing. */
export function faultsOf(token: string, maxPercent: number): FaultsOf {
  const expected = digest(token)
  return headers => {
    const given = headers['x-fault-token']
    // digests: of one length, so that the comparison takes the same time whatever is given
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), expected)) return null
    const percent = Math.min(maxPercent, numberIn(headers, 'x-fault-percent', 0, 100) ?? 100)
    const asked: Fault[] = []
    for (const kind of faultKinds) {
      const { asks, needs, least, most } = faults[kind]
      if (headers[asks] === undefined) continue
      const value = needs === null ? 0 : (numberIn(headers, asks, least, most) ?? 0)
      asked.push({ rule: 'headers', kind, percent, value })
    }
    return asked.length === 0 ? null : asked
  }
}

function numberIn(headers: IncomingHttpHeaders, name: string, least: number, most: number): number | null {
  const text = headers[name]
  if (text === undefined) return null
  const value = typeof text === 'string' && /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new Problem('invalid-request', `The header ${name} is no whole number from ${least} to ${most}.`)
}
