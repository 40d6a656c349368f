import { bySecond } from './measure.ts'
import type { Run } from './run.ts'
import type { Spell } from './scene.ts'
import { fineMs } from './tally.ts'

/** From the beginning of a fault until it was noticed, and from its end until it was over; null: never. */
export type Recovery = Readonly<{ detectMs: number | null; recoverMs: number | null }>

const good = 0.95 // of what is asked
const steadyPieces = 10 // of 100 ms

/**
 * A fault is noticed when in a second more is refused at once than is answered. It is over when in a whole second nearly all
 * that is asked is answered; the latest moment of that second's beginning counts from the end of the fault.
 */
export function recoveryOf(run: Run, { fromMs, toMs }: Pick<Spell, 'fromMs' | 'toMs'>): Recovery {
  const [asked, served, refused] = [pieces(run, 'asked'), pieces(run, 'served'), pieces(run, 'refused')]
  const lastMs = run.lengthMs
  const within = (values: readonly number[], at: number, count: number): number => {
    let total = 0
    for (let i = at; i < at + count; i++) total += values[i] ?? 0
    return total
  }
  const first = (fromMs: number, toMs: number, did: (piece: number) => boolean): number | null => {
    for (let piece = Math.floor(fromMs / fineMs); (piece + 1) * fineMs <= toMs; piece++)
      if (did(piece)) return Math.max(0, piece * fineMs - fromMs)
    return null
  }
  const noticed = first(fromMs, toMs, piece => within(refused, piece, 5) > Math.max(1, within(served, piece, 5)))
  const well = (piece: number): boolean => {
    const wanted = within(asked, piece, steadyPieces)
    // who asks by chance asks more in some seconds than in others: nothing beyond what a Poisson process does is blamed
    return within(served, piece, steadyPieces) >= good * wanted - Math.sqrt(wanted)
  }
  const over = toMs >= lastMs ? null : first(toMs, lastMs - steadyPieces * fineMs, well)
  return { detectMs: noticed, recoverMs: over }
}

function pieces({ populations }: Run, of: 'asked' | 'served' | 'refused'): readonly number[] {
  const total: number[] = []
  for (const { fine } of Object.values(populations))
    for (const [i, n] of fine[of].entries()) total[i] = (total[i] ?? 0) + n
  return total
}

const steadySeconds = 3

/** From a moment until the first of three seconds on end in which nearly all that is asked is answered; null: never. */
export function steadyAfter(run: Run, fromMs: number): number | null {
  const asked = bySecond(run, 'all', second => second.asked)
  const served = bySecond(run, 'all', ({ fates }) => fates.served)
  const first = Math.round(fromMs / 1_000)
  const well = (second: number): boolean => (served[second] ?? 0) >= good * (asked[second] ?? Infinity)
  for (let second = first; second + steadySeconds <= asked.length; second++)
    if ([...Array(steadySeconds).keys()].every(i => well(second + i))) return 1_000 * (second - first)
  return null
}
