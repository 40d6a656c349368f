import { cores } from './measure.ts'
import type { Run } from './run.ts'
import { count, figure, note } from './verdict.ts'
import type { Figure } from './verdict.ts'

/** What is asked of every run, whatever it proves, and what the reader must know to trust it; `of` names the run. */
export function asides(run: Run, of: string): readonly Figure[] {
  const used = Object.entries(cores(run)).map(([role, share]) => `${role} ${share.toFixed(2)}`)
  return [
    figure(`${of}: answers to somebody else’s request`, '0', count(run.crossed), run.crossed === 0),
    note(`${of}: cores used`, used.join(', ')),
    note(`${of}: the generator itself was late, p99`, `${run.late.p99 ?? 0} ms of ${count(run.late.count)}`),
  ]
}
