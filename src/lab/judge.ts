import type { ObjectiveOptions } from '../../config/scenario/schema.ts'
import { againstRows } from './against.ts'
import { atLeast, atMost } from './limits.ts'
import { bySecond, deeds, goodput, only, possible, spanOf, within } from './measure.ts'
import type { Span } from './measure.ts'
import { recoveryOf, steadyAfter } from './recovery.ts'
import type { Run } from './run.ts'
import type { Spell } from './scene.ts'
import type { Part } from './tally.ts'
import { percent } from './verdict.ts'
import type { Figure } from './verdict.ts'
import { withinRows } from './within.ts'

/** A line of the verdict for each measure of each objective. */
export const judge = (run: Run, objectives: readonly ObjectiveOptions[], spells: readonly Spell[]): readonly Figure[] =>
  objectives.flatMap(objective => one(run, objective, spells))

function one(all: Run, objective: ObjectiveOptions, spells: readonly Spell[]): readonly Figure[] {
  const { during = 'whole', of } = objective
  const run = of === undefined ? all : only(all, [of])
  const parts = partsOf(run, during)
  const span = spanOf(all, during)
  const total = (read: (part: Part) => number): number => parts.reduce((sum, part) => sum + read(part), 0)
  const worst = (read: (part: Part) => number | null): number => Math.max(0, ...parts.map(part => read(part) ?? 0))
  const where = `${of === undefined ? '' : ` of ${of}`}${during === 'whole' ? '' : ` during ${during}`}`
  const asked = total(({ asked }) => asked)
  const sent = total(({ sent }) => sent)
  const answered = percent(
    total(({ answered }) => answered),
    asked,
  )
  const { refusedAs: code, refusedPercent } = objective
  const refused = total(({ fates, codes }) => (code === undefined ? fates.refused : (codes[code] ?? 0)))
  const refusals = `refused${code === undefined ? '' : ` as ${code}`}, of all sendings`
  const p50 = worst(({ served }) => served.p50)
  const p99 = worst(({ served }) => served.p99)
  const refusedP99 = worst(({ refused }) => refused.p99)
  const lost = total(({ fates }) => fates.lost)
  const doubtful = total(({ fates }) => fates.failed + fates.gone)
  const { executed, unwanted, late } = deeds(all, span)
  const ofExecuted = (part: number): number => (executed === 0 ? 0 : percent(part, executed))
  const spell = spells.find(({ name }) => name === during)
  const recovery = spell === undefined ? { detectMs: null, recoverMs: null } : recoveryOf(all, spell)
  const steady = spell === undefined ? null : steadyAfter(all, spell.toMs)
  return [
    ...atLeast(`requests answered${where}`, objective.answeredPercent, answered, ' %'),
    ...atLeast(`answered of what was possible${where}`, objective.goodputPercent, goodputOf(all, run, span, of), ' %'),
    ...atMost(`half of the answers within${where}`, objective.p50Ms, p50, ' ms'),
    ...atMost(`99 of 100 answers within${where}`, objective.p99Ms, p99, ' ms'),
    ...atMost(`99 of 100 refusals within${where}`, objective.refusalP99Ms, refusedP99, ' ms'),
    ...atLeast(`${refusals}${where}`, refusedPercent, percent(refused, sent), ' %'),
    ...againstRows({ all, run, span, parts, where, answered }, objective),
    ...atMost(`connections lost${where}`, objective.lost, lost),
    ...atMost(`failed, and may be in the topic${where}`, objective.inDoubt, doubtful),
    ...atMost(`waited in vain${where}`, objective.inVain, doubtful + lost),
    ...withinRows({ all, span, where, inVain: doubtful + lost }, objective),
    ...atMost(`executed after expiry${where}`, objective.latePercent, ofExecuted(late), ' %'),
    ...atMost(`executed for nobody${where}`, objective.wastedPercent, ofExecuted(unwanted), ' %'),
    ...atMost(`sendings for each request${where}`, objective.amplification, asked === 0 ? 1 : sent / asked),
    ...atMost(`noticed after${where}`, objective.detectMs, recovery.detectMs, ' ms'),
    ...atMost(`over after${where}`, objective.recoverMs, recovery.recoverMs, ' ms'),
    ...atMost(`steady after${where}`, objective.steadyMs, steady, ' ms'),
  ]
}

/** What became of what these clients were to send in a phase. */
export const partsOf = ({ populations }: Run, phase: string): readonly Part[] =>
  Object.values(populations).flatMap(({ phases }) => phases[phase] ?? [])

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
