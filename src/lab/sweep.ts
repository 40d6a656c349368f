import type { Result } from './result.ts'
import { failing, percent } from './verdict.ts'

/** One setting of a sweep, such as `gateway.workers.orders.bulkhead.slots`: its values. */
export type Axis = Readonly<{ path: string; values: readonly string[] }>
/** One point of the grid: `path=value` for each axis. */
export type Point = readonly string[]

const mostPoints = 400

/** Reads `path=a,b,c`. Throws an Error of one sentence. */
export function axisOf(text: string): Axis {
  const equals = text.indexOf('=')
  const values = text
    .slice(equals + 1)
    .split(',')
    .filter(value => value !== '')
  if (equals < 1 || values.length === 0)
    throw new Error(
      `Found ${JSON.stringify(text)}, expected path=a,b,c, such as gateway.workers.orders.bulkhead.slots=16,64,256.`,
    )
  return { path: text.slice(0, equals), values }
}

/** Every combination. Throws an Error where there are too many. */
export function gridOf(axes: readonly Axis[]): readonly Point[] {
  const size = axes.reduce((product, { values }) => product * values.length, 1)
  if (size > mostPoints) throw new Error(`The grid has ${size} points; at most ${mostPoints} are simulated.`)
  return axes.reduce<readonly Point[]>(
    (points, { path, values }) => points.flatMap(point => values.map(value => [...point, `${path}=${value}`])),
    [[]],
  )
}

/** What a setting came to, in the figures that are traded for each other. */
export type Scored = Readonly<{
  point: Point
  answeredPercent: number
  p50: number
  p99: number
  wastedPercent: number
  refused: number
  waitedInVain: number
  failing: number
  recoverMs: number | null // of the slowest fault; null: one was not over
}>

export function scoreOf(point: Point, result: Result): Scored {
  const { totals, curve, faults, lengthMs } = result
  const at = (wanted: number): number => curve.find(([each]) => each >= wanted)?.[1] ?? 0
  const ended = faults.filter(({ toMs }) => toMs < lengthMs)
  return {
    point,
    answeredPercent: percent(totals.answered, totals.asked),
    p50: at(50),
    p99: at(99),
    wastedPercent: totals.executed === 0 ? 0 : percent(totals.unwanted, totals.executed),
    refused: totals.fates.refused,
    waitedInVain: totals.fates.failed + totals.fates.gone,
    failing: failing(result.objectives).length,
    recoverMs: ended.some(({ recoverMs }) => recoverMs === null)
      ? null
      : Math.max(0, ...ended.map(({ recoverMs }) => recoverMs ?? 0)),
  }
}

const asGood = 1 // percent of answers that are not worth a longer wait
const asQuick = 1.1

/**
 * The recommended one: of those with the fewest objectives that fail and (nearly) the most answers, those with (nearly) the
 * shortest p99, and of these the one that wastes least and keeps fewest waiting in vain.
 */
export function recommended(scores: readonly Scored[]): Scored | null {
  const least = Math.min(...scores.map(({ failing }) => failing))
  const good = scores.filter(({ failing }) => failing === least)
  const most = Math.max(...good.map(({ answeredPercent }) => answeredPercent))
  const full = good.filter(({ answeredPercent }) => answeredPercent >= most - asGood)
  const quickest = Math.min(...full.map(({ p99 }) => p99))
  const quick = full.filter(({ p99 }) => p99 <= quickest * asQuick)
  const cost = ({ wastedPercent, waitedInVain }: Scored): number => wastedPercent * 1e6 + waitedInVain
  return quick.toSorted((a, b) => cost(a) - cost(b))[0] ?? null
}

/** Those that no other beats in answers and p99 both: the trade-off itself. */
export const frontier = (scores: readonly Scored[]): readonly Scored[] =>
  scores.filter(
    one =>
      !scores.some(
        other =>
          other.answeredPercent >= one.answeredPercent &&
          other.p99 <= one.p99 &&
          (other.answeredPercent > one.answeredPercent || other.p99 < one.p99),
      ),
  )

/** A point without what all have in common: the last part of each path, and its value. */
export const nameOf = (point: Point): string =>
  point.length === 0 ? 'as it is' : point.map(setting => lastOf(setting)).join(', ')

function lastOf(setting: string): string {
  const equals = setting.indexOf('=')
  return setting.slice(0, equals).split('.').slice(-2).join('.') + setting.slice(equals)
}
