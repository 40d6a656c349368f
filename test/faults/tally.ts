import { count, figure, note, percent, share, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { lasted } from './load.ts'
import type { Answer } from './load.ts'
import type { Dials } from './probe.ts'

/** How many dials the worst second had, wherever it begins. */
export function mostDials(dials: Dials): number {
  const times = dials.toSorted((a, b) => a - b)
  let from = 0
  let most = 0
  for (const [i, at] of times.entries()) {
    while (at - (times[from] ?? at) >= 1_000) from++
    most = Math.max(most, i - from + 1)
  }
  return most
}

export const fewDials = (dials: Dials, since: number): Figure => {
  const most = mostDials(dials.filter(at => at >= since))
  return figure('dials in the worst second', '≤ 10', most, most <= 10)
}

/** The answers by status, outcome and problem, the most frequent first. */
export function answers(name: string, all: readonly Answer[]): Figure {
  const groups = [...Map.groupBy(all, ({ status, outcome, code }) => `${status} ${outcome} ${code}`.trimEnd())]
  const counted = groups.map(([what, of]) => [of.length, what] as const).sort(([a], [b]) => b - a)
  return note(name, counted.map(([n, what]) => `${count(n)} × ${what}`).join(', ') || 'none')
}

const quickMs = 20

/** Of the answers given at a bad time, those that say within 20 ms that nothing was sent; as the clients and as the gateway measure it. */
export function quickRefusals(name: string, all: readonly Answer[]): Figure {
  const refusals = all.filter(({ outcome }) => outcome === 'not-sent')
  const quick = refusals.filter(answer => lasted(answer) <= quickMs)
  const own = refusals.filter(({ ownMs }) => ownMs <= quickMs)
  const said = `${share(quick.length, all.length)} (${percent(own.length, all.length).toFixed(1)} % by its own clock)`
  return timed(name, '≥ 95 %', said, percent(quick.length, all.length) >= 95)
}

/** The longest time without such an answer between the two instants. */
export function longestGap(all: readonly Answer[], from: number, to: number): number {
  let last = from
  let longest = 0
  for (const { ended } of all.toSorted((a, b) => a.ended - b.ended)) {
    if (ended < from || ended > to) continue
    longest = Math.max(longest, ended - last)
    last = ended
  }
  return Math.max(longest, to - last)
}
