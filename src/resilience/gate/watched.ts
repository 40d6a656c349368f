import type { ModeName } from '../../../config/schema/index.ts'
import { until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Check } from './gate.ts'
import { refusal, soon, spread } from '../refusal.ts'

/** What is known of the consumer group of a worker. */
export type Watched = Readonly<{
  group: string
  members: number | null // null while nothing is known
  waitMs: (partition: number) => number // how long a command would wait for its turn; 0 where nothing is known
}>
/** Whether a partition has just answered a call, and in how many ms: null when it has not, of late. */
export type Answering = (partition: number) => number | null

/** Refuses what nobody serves. What is unknown refuses nothing. */
export function noWorker(watched: Watched, mode: ModeName): Check {
  return counted(mode, ({ worker }) => {
    if (watched.members !== 0) return null
    const detail = `The consumer group ${watched.group} of ${worker} has no member.`
    return new Problem('no-worker', detail, { retryAfterMs: soon(), limit: 1, observed: 0 })
  })
}

/**
 * Refuses what would still wait for its turn when its client leaves; `limit` is what the call has left and `observed` the
 * wait, both in ms. An estimate is wrong where its partition has just answered somebody in less time.
 */
export function workerBehind(watched: Watched, mode: ModeName, answering: Answering): Check {
  return counted(mode, ({ worker, partition, deadline }) => {
    const waitMs = watched.waitMs(partition)
    if (waitMs === 0) return null
    const leftMs = until(deadline)
    if (waitMs <= leftMs) return null
    const tookMs = answering(partition)
    if (tookMs !== null && tookMs < leftMs) return null
    const [limit, observed] = [Math.round(leftMs), Math.round(waitMs)]
    const detail = `${worker} is ${observed} ms behind in partition ${partition}; the call has ${limit} ms left.`
    return new Problem('worker-behind', detail, { retryAfterMs: spread(waitMs - leftMs), limit, observed })
  })
}

/** In mode `observe` the check itself counts: the gate around it may enforce the others. */
function counted(mode: ModeName, check: Check): Check {
  if (mode === 'enforce') return check
  const observe = refusal('gate', mode)
  return call => {
    const problem = check(call)
    return problem === null ? null : observe(call, problem)
  }
}
