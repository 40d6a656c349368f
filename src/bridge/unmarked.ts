import { now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import type { Incoming } from './broker.ts'
import { rowOf } from './wire/index.ts'
import type { Dialect } from './wire/index.ts'

const everyMs = 60_000

/** Warns of replies without a correlation id, at once and then at most once a minute, and names the usual causes in these dialects. */
export function unmarked(dialects: readonly Dialect[]): (record: Incoming) => void {
  const rows = [...new Set(dialects.map(rowOf))]
  const headers = [...new Set(rows.map(row => row.correlation))].join(' or ')
  const causes = rows.flatMap(row => row.unmarked ?? []).map(cause => ` ${cause}.`)
  let count = 0
  let toldAt: Instant | null = null
  return ({ topic, partition, offset }) => {
    count++
    if (toldAt !== null && since(toldAt) < everyMs) return
    const what =
      `${count} ${count === 1 ? 'reply' : 'replies'} in ${topic} without a correlation id, the latest in partition ` +
      `${partition} at ${offset}: nobody waits for that. A worker must write ${headers || 'it'} as it came.${causes.join('')}`
    count = 0
    toldAt = now()
    events.warning.publish({ what, cause: undefined })
  }
}
