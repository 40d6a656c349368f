import type { Behaviour } from './behaviour.ts'
import type { Spread } from './durations.ts'
import type { Entry } from './generator.ts'
import type { Population } from './population.ts'
import type { Sample } from './sampler.ts'
import type { Phase, Tallied } from './tally.ts'
import type { Fault, Happened } from './timeline.ts'

/** A stretch to be pointed at in the picture. */
export type Shade = Readonly<{ label: string; fromMs: number; toMs: number; fault: boolean }>

/** One run of the laboratory: who asks, who works, and what befalls them. */
export type Scene = Readonly<{
  name: string
  members: number
  behaviour: Behaviour // of each member
  populations: readonly Population[]
  phases: readonly Phase[]
  faults?: readonly Fault[]
  shades?: readonly Shade[]
  /** What the workers could do at that moment, in commands a second. */
  possible: (ms: number) => number
  /** Load before the beginning, that what compiles while it runs does so. Default: 150 a second for 4 s. */
  warm?: readonly Population[]
  /** How many connections the clients have together. Default: 12,000. */
  connections?: number
  seed?: number
  /** How long it lasts at least, for a load that comes from elsewhere. */
  lengthMs?: number
  /** Whether to keep what became of each request, and to look for it in the topic. Default: false. */
  ledger?: boolean
}>

/** What came of a scene; plain data but for the metrics. */
export type Run = Readonly<{
  scene: Scene
  target: string
  lengthMs: number
  populations: Readonly<Record<string, Tallied>>
  late: Spread // how late the generator itself was
  crossed: number // answers to somebody else's request
  samples: readonly Sample[]
  happened: readonly Happened[]
  ledger?: Ledgers | null // what clients know and what is in the topic; null: nothing was kept
  interrupted?: boolean // whether somebody ended it before its time
}>
/** Of each request what its clients know; and how many commands of it somebody else has read in the topic. */
export type Ledgers = Readonly<{ clients: readonly Entry[]; topic: Readonly<Record<string, number>> }>
