import { capacity, usual } from '../behaviour.ts'
import type { Behaviour } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import type { OpenTarget } from '../gateway.ts'
import type { Population } from '../population.ts'
import { constant, ramp } from '../rate.ts'
import type { OpenWorker, Scene } from '../run.ts'

const members = 2
const member = { ...usual, places: 10, serviceMs: 40 }
/** What such members can do together. */
const able = (behaviour: Behaviour): number => members * capacity(behaviour)
export const perSecond = able(member)
/** Fewer, where a fifth is for one key: of that they do 25 a second, and in the calm 24 are asked for. */
const lesser = { ...usual, places: 6, serviceMs: 40 }
const calm = 0.4
const patienceMs = 2_200 // the route gives up at 2,000

type Course = readonly Readonly<{ name: string; label?: string; times: number; forMs: number }>[]

/** A load that goes through these heights, in multiples of what two such members can do. */
function course(behaviour: Behaviour, heights: Course, over: Partial<Population> = {}) {
  const can = able(behaviour)
  let begun = 0
  const phases = heights.map(({ name, forMs }) => ({ name, fromMs: begun, toMs: (begun += forMs) }))
  const rate = heights.map(({ times, forMs }) => ({ forMs, from: times * can }))
  return {
    members,
    behaviour,
    possible: () => can,
    // a broker that has just begun takes a core for half a minute, to compile itself
    warm: [{ name: 'warm', rate: constant(0.9 * can, 25_000), patienceMs }],
    populations: [{ name: 'clients', rate, patienceMs, ...over }],
    phases,
    shades: heights.flatMap(({ label }, i) => {
      const { fromMs = 0, toMs = 0 } = phases[i] ?? {}
      return label === undefined ? [] : [{ label, fault: false, fromMs, toMs }]
    }),
  }
}

/** Three times as much as the workers can do, then ten times. */
export const storm = (open: OpenTarget, short: boolean): Scene => ({
  name: 'overload',
  open,
  ...course(member, [
    { name: 'calm', times: calm, forMs: short ? 5_000 : 10_000 },
    { name: 'three', label: '3 × what the workers can do', times: 3, forMs: short ? 6_000 : 60_000 },
    { name: 'ten', label: '10 ×', times: 10, forMs: short ? 6_000 : 60_000 },
    { name: 'after', times: calm, forMs: short ? 5_000 : 20_000 },
  ]),
})

/** In the middle of a storm half of the workers die, and their group does not hear of it. */
export function lost(short: boolean): Scene {
  const forMs = short ? 15_000 : 30_000
  const atMs = 5_000 + forMs
  const load = course(member, [
    { name: 'calm', times: calm, forMs: 5_000 },
    { name: 'both', label: '3 ×', times: 3, forMs },
    { name: 'lost', label: '3 ×, half of the workers dead', times: 3, forMs },
  ])
  return {
    name: 'lost',
    open: sluice(),
    ...load,
    phases: [...load.phases, { name: 'whole', fromMs: 5_000, toMs: 5_000 + 2 * forMs }],
    faults: [{ atMs, do: 'kill', who: 1 }],
    possible: ms => (ms < atMs ? perSecond : perSecond / 2),
  }
}

/** A storm in which a fifth of all is about one and the same key. */
export const hot = (short: boolean): Scene => ({
  name: 'hot',
  open: sluice(),
  ...course(
    lesser,
    [
      { name: 'calm', times: calm, forMs: 5_000 },
      { name: 'hot', label: '3 ×, a fifth of it for one key', times: 3, forMs: short ? 10_000 : 60_000 },
    ],
    { hotPercent: 20 },
  ),
})

/**
 * More and more, until the process of the gateway can do no more, and twice that, from clients with a pool of connections; the worker
 * costs next to nothing.
 */
export const climb = (worker: OpenWorker, short: boolean, topPerSecond: number): Scene => ({
  name: 'climb',
  open: sluice(),
  ...course(member, []),
  worker,
  connections: 4_096,
  populations: [{ name: 'clients', rate: ramp(1_000, topPerSecond, short ? 20_000 : 60_000), patienceMs }],
  possible: () => Infinity,
})
