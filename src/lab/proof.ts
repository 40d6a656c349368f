import type { OpenTarget } from './gateway.ts'
import type { Picture } from './panel.ts'
import type { OpenWorker, Run, Scene } from './run.ts'
import type { Figure } from './verdict.ts'

/** What a proof is given: a way to play scenes, and what the laboratory's user has beside Sluice. */
export type Lab = Readonly<{
  short: boolean // for a look, or a test: the same, in less time
  play: (scene: Scene) => Promise<Run>
  naive: OpenTarget | null // another gateway, to be put beside
  worker: OpenWorker | null // one that costs next to nothing
}>
export type Proven = Readonly<{ figures: readonly Figure[]; picture: Picture }>

/** A promise of the gateway, and how it is put to the test. */
export type Proof = Readonly<{
  name: string
  title: string
  about: string
  prove: (lab: Lab) => Promise<Proven>
}>
