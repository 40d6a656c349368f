import { noDeeds, usual } from '../../src/lab/behaviour.ts'
import type { Deeds } from '../../src/lab/behaviour.ts'
import { noSpread } from '../../src/lab/durations.ts'
import type { Population } from '../../src/lab/population.ts'
import { constant } from '../../src/lab/rate.ts'
import type { Run, Scene } from '../../src/lab/run.ts'
import { Tally } from '../../src/lab/tally.ts'
import type { Phase } from '../../src/lab/tally.ts'

const phases: readonly Phase[] = [
  { name: 'before', fromMs: 0, toMs: 2_000 },
  { name: 'during', fromMs: 2_000, toMs: 4_000 },
]

/** Four seconds of two populations, 10 requests a second each: all are served, but in the last two seconds half of `b` is shed. */
export function aRun(deeds: Partial<Deeds> = { executed: 10, unwanted: 1 }, over: Partial<Scene> = {}): Run {
  const population = (name: string): Population => ({ name, rate: constant(10, 4_000), patienceMs: 1_000 })
  const tallied = (name: string) => {
    const tally = new Tally(phases)
    for (let second = 0; second < 4; second++) {
      for (let i = 0; i < 10; i++) {
        const at = second * 1_000 + i * 50
        const shed = name === 'b' && second >= 2 && i % 2 === 0
        tally.sent(at, true)
        tally.ended(shed ? 'refused' : 'served', shed ? 'shed' : '', at, at + (shed ? 1 : 20))
      }
      tally.turn()
    }
    return tally.result()
  }
  return {
    scene: {
      name: 'a scene',
      members: 1,
      behaviour: usual,
      populations: ['a', 'b'].map(population),
      phases,
      possible: () => 16,
      ...over,
    },
    target: 'sluice',
    lengthMs: 4_000,
    populations: { a: tallied('a'), b: tallied('b') },
    late: noSpread,
    crossed: 0,
    samples: [1, 2, 3, 4].map(n => ({
      deeds: { ...noDeeds, ...deeds },
      cpu: { gateway: n / 10 },
      metrics: new Map([
        ['sluice_in_flight{worker="orders"}', n],
        ['sluice_refusals_total{policy="bulkhead"}', n * n],
      ]),
      ready: 200,
    })),
    happened: [],
  }
}
