import { now } from '../../src/clock.ts'
import { granted } from '../../src/resilience/quota/reservoir.ts'
import type { Reservoir } from '../../src/resilience/quota/reservoir.ts'

export type Full = Readonly<{ requests: number; windowMs: number }>

/** Shared by two instances in one test: refills by the clock, as Redis does when it is asked. */
export function aSharedReservoir({ requests, windowMs }: Full): Reservoir & Readonly<{ left: () => number }> {
  let began = now()
  let left = requests
  let touched = false
  return {
    left: () => left,
    lease: async tokens => {
      await Promise.resolve()
      const refilled = !touched || now() - began >= windowMs
      touched = true
      if (refilled) {
        began = now()
        left = requests
      }
      left -= tokens
      return { ...granted(tokens, left), refilled }
    },
    giveBack: async tokens => void (left += tokens),
  }
}
