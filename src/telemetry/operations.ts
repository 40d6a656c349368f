import { replayResults } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

const lateBounds = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 14_400, 86_400]

/** The operations that are known, the replies that came late, and what became of repeated requests. */
export function countOperations(meter: Meter, routes: readonly string[], workers: readonly string[]): Listeners {
  const known = meter.gauge({
    name: 'sluice_operations',
    help: 'Operations known here, those of all instances: `pending`, or `ended` and kept for their clients.',
    labels: ['state'],
  })
  const size = meter.gauge({
    name: 'sluice_operations_bytes',
    help: 'What they take up, with their replies.',
  })({})
  const used = meter.gauge({
    name: 'sluice_operations_used_ratio',
    help: 'Which share is taken of `operations.entries` or `operations.bytes`, the greater; at 1 new ones are refused as `operations-full`.',
  })({})
  const late = meter.histogram(
    {
      name: 'sluice_late_reply_seconds',
      help: 'How late replies were that ended an operation: from when its client was told to wait no longer.',
      labels: ['worker'],
    },
    lateBounds,
  )
  const replays = meter.counter({
    name: 'sluice_replays_total',
    help: 'Requests with an Idempotency-Key, by what they were: the `first`, answered again (`replayed`), `in-flight` (409), `reused` (422); `bare` counts keys without quotes.',
    labels: ['route', 'result'],
  })
  const cells = { pending: known({ state: 'pending' }), ended: known({ state: 'ended' }) }
  const lateness = byName(workers, worker => late({ worker }))
  const results = byName(routes, route => byName(replayResults, result => replays({ route, result })))
  return {
    operations: ({ pending, ended, bytes, used: share }) => {
      cells.pending.value = pending
      cells.ended.value = ended
      size.value = bytes
      used.value = share
    },
    lateReply: ({ worker, ms }) => lateness(worker).observe(ms / 1_000),
    replay: ({ route, result }) => void results(route)(result).value++,
  }
}
