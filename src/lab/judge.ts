import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { bySecond, deeds, goodput, only, possible, within } from './measure.ts'
import type { Span } from './measure.ts'
import { recoveryOf } from './recovery.ts'
import type { Run } from './run.ts'
import type { Spell } from './scene.ts'
import type { Part } from './tally.ts'
import { count, figure, percent } from './verdict.ts'
import type { Figure } from './verdict.ts'

/** A line of the verdict for each measure of each objective. */
export const judge = (run: Run, objectives: readonly ObjectiveOptions[], spells: readonly Spell[]): readonly Figure[] =>
  objectives.flatMap(objective => one(run, objective, spells))

function one(all: Run, objective: ObjectiveOptions, spells: readonly Spell[]): readonly Figure[] {
  const { during = 'whole', of } = objective
  const run = of === undefined ? all : only(all, [of])
  const parts = Object.values(run.populations).flatMap(({ phases }) => phases[during] ?? [])
  const span = spanOf(all, during)
  const total = (read: (part: Part) => number): number => parts.reduce((sum, part) => sum + read(part), 0)
  const worst = (read: (part: Part) => number | null): number => Math.max(0, ...parts.map(part => read(part) ?? 0))
  const spell = spells.find(({ name }) => name === during)
  const recovery = spell === undefined ? { detectMs: null, recoverMs: null } : recoveryOf(all, spell)
  const where = `${of === undefined ? '' : ` of ${of}`}${during === 'whole' ? '' : ` during ${during}`}`
  const atLeast = (what: string, limit: number | undefined, value: number, unit: string): readonly Figure[] =>
    limit === undefined
      ? []
      : [figure(`${what}${where}`, `≥ ${limit}${unit}`, `${round(value)}${unit}`, value >= limit)]
  const atMost = (what: string, limit: number | undefined, value: number | null, unit = ''): readonly Figure[] =>
    limit === undefined
      ? []
      : [
          figure(
            `${what}${where}`,
            `≤ ${count(limit)}${unit}`,
            value === null ? 'never' : `${count(round(value))}${unit}`,
            value !== null && value <= limit,
          ),
        ]
  const asked = total(({ asked }) => asked)
  const { executed, unwanted } = deeds(all, span)
  return [
    ...atLeast(
      'requests answered',
      objective.answeredPercent,
      percent(
        total(({ answered }) => answered),
        asked,
      ),
      ' %',
    ),
    ...atLeast('answered of what was possible', objective.goodputPercent, goodputOf(all, run, span, of), ' %'),
    ...atMost(
      'half of the answers within',
      objective.p50Ms,
      worst(({ served }) => served.p50),
      ' ms',
    ),
    ...atMost(
      '99 of 100 answers within',
      objective.p99Ms,
      worst(({ served }) => served.p99),
      ' ms',
    ),
    ...atMost(
      '99 of 100 refusals within',
      objective.refusalP99Ms,
      worst(({ refused }) => refused.p99),
      ' ms',
    ),
    ...atMost(
      'connections lost',
      objective.lost,
      total(({ fates }) => fates.lost),
    ),
    ...atMost(
      'failed, and may be in the topic',
      objective.inDoubt,
      total(({ fates }) => fates.failed + fates.gone),
    ),
    ...atMost('executed for nobody', objective.wastedPercent, executed === 0 ? 0 : percent(unwanted, executed), ' %'),
    ...atMost(
      'sendings for each request',
      objective.amplification,
      asked === 0 ? 1 : total(({ sent }) => sent) / asked,
    ),
    ...atMost('noticed after', objective.detectMs, recovery.detectMs, ' ms'),
    ...atMost('over after', objective.recoverMs, recovery.recoverMs, ' ms'),
  ]
}

const round = (value: number): number => Math.round(value * 100) / 100

/** Of one class of clients, of what it asked: nobody knows how much of the workers was its. */
function goodputOf(all: Run, run: Run, span: Span, of: string | undefined): number {
  if (of === undefined) return Math.min(100, percent(goodput(all, span), possible(all, span)))
  return percent(
    goodput(run, span),
    within(
      bySecond(run, 'all', ({ asked }) => asked),
      span,
    ),
  )
}

function spanOf({ scene: { phases } }: Run, name: string): Span {
  const found = phases.find(phase => phase.name === name)
  if (found === undefined) throw new Error(`There is no phase ${name}.`)
  return [found.fromMs, found.toMs]
}
