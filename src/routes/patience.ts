import type { IncomingHttpHeaders } from 'node:http'
import type { RouteOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Exchange } from './exchange.ts'
import { preferencesOf } from './prefer.ts'

/**
 * In milliseconds from the start: until its deadline, and until its answer may be an operation in place of the reply; null: never.
 * `callback` is who is to be told of the end of that.
 */
export type Patience = Readonly<{ waitMs: number; acceptMs: number | null; callback?: string }>
type Waits = Pick<RouteOptions, 'timeoutMs' | 'deadlineHeader' | 'async' | 'onTimeout' | 'process'>
type Asks = Pick<Exchange, 'wait' | 'respondsAsync' | 'calls'>
/** The URL as it is called. Throws callback-forbidden. */
export type CallbackOf = (text: string) => string

/** Taken off the wait for writing an operation to the log; less when little is left. */
const acceptingMs = 200

/**
 * How long the clients of a route wait: the least of its timeout, `Prefer: wait`, and the header that it names. Where a route
 * offers operations, `respond-async` and a `wait` that runs out are answered with one (RFC 7240, 4.1 and 4.3). The reader throws
 * invalid-request.
 */
export function patienceOf(
  { timeoutMs, deadlineHeader, async, onTimeout, process }: Waits,
  callbackOf: CallbackOf | null = null,
) {
  const offers = async !== 'off' || process !== undefined // a process is an operation in any case
  const accepts = offers || onTimeout === 'accept'
  return (exchange: Asks, headers: IncomingHttpHeaders): Patience => {
    const prefer = headers['prefer'] as string | undefined
    let waitMs = timeoutMs
    let respondAsync = async === 'always'
    let waits = false
    let call: Readonly<{ callback?: string }> = none
    if (prefer !== undefined) {
      const preferences = preferencesOf(prefer)
      const { wait } = preferences
      waits = wait !== null
      if (wait !== null && wait * 1_000 <= timeoutMs) {
        exchange.wait = wait
        waitMs = wait * 1_000
      }
      if (preferences.respondAsync && offers) respondAsync = exchange.respondsAsync = true
      if (preferences.callback !== null && callbackOf !== null && accepts) {
        call = { callback: callbackOf(preferences.callback) }
        exchange.calls = true
      }
    }
    const asked = deadlineHeader === undefined ? undefined : headers[deadlineHeader]
    if (asked !== undefined) waitMs = Math.min(waitMs, millisecondsOf(asked, deadlineHeader))
    if (respondAsync && !waits) return { waitMs, acceptMs: 0, ...call }
    if (!respondAsync && onTimeout !== 'accept' && process === undefined && !(offers && waits))
      return { waitMs, acceptMs: null, ...call }
    // who does not wait at all still waits until its command is acknowledged
    if (waitMs === 0) return { waitMs: timeoutMs, acceptMs: 0, ...call }
    return { waitMs, acceptMs: waitMs - Math.min(waitMs / 10, acceptingMs), ...call }
  }
}

const none = {}

function millisecondsOf(asked: string | string[], header: string | undefined): number {
  if (typeof asked !== 'string' || !/^\d{1,9}$/.test(asked))
    throw new Problem('invalid-request', `The header ${header} is no whole number of milliseconds.`)
  return Number(asked)
}
