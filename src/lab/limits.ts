import { count, figure } from './verdict.ts'
import type { Figure } from './verdict.ts'

/** A row of the verdict, where something is asked: at least, or at most; null was never measured, and does not hold. */
export const atLeast = (what: string, limit: number | undefined, value: number | null, unit = ''): readonly Figure[] =>
  row(what, limit, value, unit, '≥', (value, limit) => value >= limit)
export const atMost = (what: string, limit: number | undefined, value: number | null, unit = ''): readonly Figure[] =>
  row(what, limit, value, unit, '≤', (value, limit) => value <= limit)

function row(
  what: string,
  limit: number | undefined,
  value: number | null,
  unit: string,
  sign: string,
  holds: (value: number, limit: number) => boolean,
): readonly Figure[] {
  if (limit === undefined) return []
  const known = value !== null && !Number.isNaN(value) && value !== Infinity
  const measured = known ? `${count(Math.round(value * 100) / 100)}${unit}` : 'never'
  return [figure(what, `${sign} ${count(limit)}${unit}`, measured, known && holds(value, limit))]
}
