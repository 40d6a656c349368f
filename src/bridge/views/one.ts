import { headerOf } from '../../call.ts'
import type { Call, Pair, Reply, Service } from '../../call.ts'
import { httpDate, parseTime, until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { reach } from './reach.ts'
import type { Row } from './rows.ts'
import { etagOf } from './view.ts'
import type { View } from './view.ts'

export type OneOptions = Readonly<{ contentType: string; as: 'value' | 'cloudevents' }>

const nothing = Buffer.alloc(0)

/**
 * Answers with the latest value of a key: the innermost service of a view route with a key. Conditional requests get 304; with
 * `Prefer: wait` and If-None-Match the answer is held until the value is another.
 */
export function one(view: View, options: OneOptions): Service<Call, Reply> {
  return async function one(call) {
    checkReady(view)
    if (call.awaits !== undefined) await reach(view, call)
    const key = Buffer.from(call.key ?? nothing).toString('latin1')
    const { headers } = call.told
    const match = headerOf(headers, 'if-none-match')
    let row = view.get(key)
    if (match !== undefined && /\bwait\s*=/i.test(headerOf(headers, 'prefer') ?? ''))
      while (row !== undefined && names(match, etagOf(row)) && !call.signal.aborted) {
        const leftMs = until(call.deadline)
        if (leftMs === 0) break
        await view.changes.wait(key, leftMs, call.signal)
        row = view.get(key)
      }
    if (row === undefined) throw new Problem('no-value', `${view.topic} has no value of this key.`)
    return answer(row, match, headerOf(headers, 'if-modified-since'), options)
  }
}

export function checkReady(view: View): void {
  if (view.ready) return
  const { done, of } = view.progress
  const detail = view.failure ?? `The view of ${view.topic} is being built: ${done} of ${of} offsets are read.`
  throw new Problem('not-ready', detail, { limit: of, observed: done, retryAfterMs: 1_000 })
}

function answer(row: Row, match: string | undefined, since: string | undefined, options: OneOptions): Reply {
  const { contentType: usualType, as } = options
  const etag = etagOf(row)
  const modified = httpDate(row.modified)
  const own: readonly Pair[] = [
    ['ETag', etag],
    ['Last-Modified', modified],
    ['Cache-Control', 'no-cache'],
  ]
  const known = match === undefined ? since !== undefined && isSince(row, since) : names(match, etag)
  if (known) return { status: 304, headers: [], own, body: nothing }
  const headers: readonly Pair[] = [['content-type', row.type ?? usualType]]
  return { status: 200, headers, own: as === 'value' ? own : [...own, ...(row.attributes ?? [])], body: row.value }
}

/** Whether If-None-Match names the tag: one of a list, weak or strong, or any (RFC 9110, 13.1.2). */
const names = (match: string, etag: string): boolean =>
  match.trim() === '*' || match.split(',').some(one => one.trim().replace(/^W\//, '') === etag)

/** Dates of HTTP have no parts of seconds: what changed within one is not told apart by them. */
const isSince = ({ modified }: Row, since: string): boolean => {
  const time = parseTime(since)
  return time !== null && Math.floor(modified / 1_000) * 1_000 <= time
}
