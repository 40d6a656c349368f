import type { IncomingHttpHeaders } from 'node:http'
import type { RouteOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Exchange } from './exchange.ts'
import { preferencesOf } from './prefer.ts'

/** In milliseconds from the start: until its deadline, and until its answer may be an operation in place of the reply; null: never. */
export type Patience = Readonly<{ waitMs: number; acceptMs: number | null }>
type Waits = Pick<RouteOptions, 'timeoutMs' | 'deadlineHeader' | 'async' | 'onTimeout'>
type Asks = Pick<Exchange, 'wait' | 'respondsAsync'>

/** Taken off the wait for writing an operation to the log; less when little is left. */
const acceptingMs = 200

/**
 * How long the clients of a route wait: the least of its timeout, `Prefer: wait`, and the header that it names. Where a route
 * offers operations, `respond-async` and a `wait` that runs out are answered with one (RFC 7240, 4.1 and 4.3). The reader throws
 * invalid-request.
 */
export function patienceOf({ timeoutMs, deadlineHeader, async, onTimeout }: Waits) {
  const offers = async !== 'off'
  return (exchange: Asks, headers: IncomingHttpHeaders): Patience => {
    const prefer = headers['prefer'] as string | undefined
    let waitMs = timeoutMs
    let respondAsync = async === 'always'
    let waits = false
    if (prefer !== undefined) {
      const preferences = preferencesOf(prefer)
      const { wait } = preferences
      waits = wait !== null
      if (wait !== null && wait * 1_000 <= timeoutMs) {
        exchange.wait = wait
        waitMs = wait * 1_000
      }
      if (preferences.respondAsync && offers) respondAsync = exchange.respondsAsync = true
    }
    const asked = deadlineHeader === undefined ? undefined : headers[deadlineHeader]
    if (asked !== undefined) waitMs = Math.min(waitMs, millisecondsOf(asked, deadlineHeader))
    if (respondAsync && !waits) return { waitMs, acceptMs: 0 }
    if (!respondAsync && onTimeout !== 'accept' && !(offers && waits)) return { waitMs, acceptMs: null }
    // who does not wait at all still waits until its command is acknowledged
    if (waitMs === 0) return { waitMs: timeoutMs, acceptMs: 0 }
    return { waitMs, acceptMs: waitMs - Math.min(waitMs / 10, acceptingMs) }
  }
}

function millisecondsOf(asked: string | string[], header: string | undefined): number {
  if (typeof asked !== 'string' || !/^\d{1,9}$/.test(asked))
    throw new Problem('invalid-request', `The header ${header} is no whole number of milliseconds.`)
  return Number(asked)
}
