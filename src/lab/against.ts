import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { atLeast, atMost } from './limits.ts'
import { bySecond, within } from './measure.ts'
import type { Span } from './measure.ts'
import type { Run } from './run.ts'
import type { Part } from './tally.ts'
import { percent } from './verdict.ts'
import type { Figure } from './verdict.ts'

/** `all`: with all clients; `run`, `parts` and `answered` (percent): of those whom the objective is about. */
type Judged = Readonly<{
  all: Run
  run: Run
  span: Span
  parts: readonly Part[]
  where: string
  answered: number
}>

/** What is asked by another phase, by other clients, or by the best that was. */
export function againstRows(judged: Judged, objective: ObjectiveOptions): readonly Figure[] {
  const { all, run, span, parts, where, answered } = judged
  const { p99Against, answeredAgainst, neverRefusedMoreThan, ofBestPercent } = objective
  const others = (phase: string): readonly Part[] =>
    Object.values(run.populations).flatMap(({ phases }) => phases[phase] ?? [])
  const worst = (of: readonly Part[], none: number): number =>
    of.length === 0 ? none : Math.max(...of.map(({ served }) => served.p99 ?? none))
  const bound =
    p99Against && Math.round(100 * (p99Against.times * worst(others(p99Against.phase), 0) + p99Against.plusMs)) / 100
  const before = answeredAgainst === undefined ? 0 : shareAnswered(others(answeredAgainst.phase))
  return [
    ...atMost(
      `99 of 100 answers, by those of ${p99Against?.phase}, within${where}`,
      bound,
      worst(parts, Infinity),
      ' ms',
    ),
    ...atLeast(
      `requests answered, by those of ${answeredAgainst?.phase}${where}`,
      answeredAgainst?.percent,
      percent(answered, before),
      ' %',
    ),
    ...atMost(
      `seconds in which more was refused than of ${neverRefusedMoreThan}${where}`,
      neverRefusedMoreThan === undefined ? undefined : 0,
      neverRefusedMoreThan === undefined ? 0 : disorder(all, run, neverRefusedMoreThan, span),
    ),
    ...atLeast(
      `answered of the best, when twice that is asked${where}`,
      ofBestPercent,
      ofBestPercent === undefined ? null : keptOfBest(run),
      ' %',
    ),
  ]
}

function shareAnswered(parts: readonly Part[]): number {
  const total = (read: (part: Part) => number): number => parts.reduce((sum, part) => sum + read(part), 0)
  return percent(
    total(({ answered }) => answered),
    total(({ asked }) => asked),
  )
}

/** In how many seconds a greater share of these was refused than of the others. */
function disorder(all: Run, run: Run, others: string, span: Span): number {
  const refused = (of: Run, who: string): readonly number[] => {
    const ended = bySecond(of, who, ({ fates }) => fates.served + fates.refused)
    return bySecond(of, who, ({ fates }) => fates.refused).map((n, i) => percent(n, ended[i] || Infinity))
  }
  const theirs = refused(all, others)
  return within(
    refused(run, 'all').map((share, i) => (share > (theirs[i] ?? 0) ? 1 : 0)),
    span,
  )
}

const smoothSeconds = 3
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** What was answered from when twice the best was asked, in percent of the best; null where that was not asked for three seconds. */
function keptOfBest(run: Run): number | null {
  const answered = bySecond(run, 'all', ({ fates }) => fates.served)
  const smooth = answered.map((_, i) => mean(answered.slice(Math.max(0, i - smoothSeconds + 1), i + 1)))
  const best = Math.max(...smooth)
  const from = bySecond(run, 'all', ({ sent }) => sent).findIndex(sent => sent >= 2 * best)
  const beyond = from === -1 ? [] : smooth.slice(from, Math.floor(run.lengthMs / 1_000))
  return beyond.length < smoothSeconds ? null : percent(mean(beyond), best)
}
