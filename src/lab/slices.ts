import type { Run } from './run.ts'
import type { Phase, Part } from './tally.ts'

/** Short phases, one after the other, to find a moment that seconds are too coarse for. */
export type Slices = Readonly<{ name: string; fromMs: number; eachMs: number; count: number }>

export const phasesOf = ({ name, fromMs, eachMs, count }: Slices): readonly Phase[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `${name} ${i}`,
    fromMs: fromMs + i * eachMs,
    toMs: fromMs + (i + 1) * eachMs,
  }))

/** The end of the first slice in which something was due that did so, in ms from the beginning of the run; Infinity without one. */
export function firstMs(run: Run, { name, fromMs, eachMs, count }: Slices, did: (part: Part) => boolean): number {
  const parts = Object.values(run.populations)
  for (let i = 0; i < count; i++)
    if (parts.some(({ phases }) => did(phases[`${name} ${i}`] ?? missing(name, i)))) return fromMs + (i + 1) * eachMs
  return Infinity
}

function missing(name: string, i: number): never {
  throw new Error(`The scene has no slice ${i} of ${name}.`)
}
