import { count, note } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { Attempt } from './clients.ts'

/** The answers by status, outcome and problem, the most frequent first. */
export function statuses(name: string, all: readonly Attempt[]): Figure {
  const groups = [
    ...Map.groupBy(all, ({ status, outcome, code }) => `${status} ${outcome} ${code}`.replaceAll(/ +/g, ' ').trimEnd()),
  ]
  const most = groups.map(([what, of]) => [of.length, what] as const).sort(([a], [b]) => b - a)
  return note(name, most.map(([n, what]) => `${count(n)} × ${what}`).join(', ') || 'none')
}
