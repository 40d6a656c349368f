import type { Scenario } from '../../config/scenario/schema.ts'
import type { Overlay } from './gateway.ts'
import { perform } from './perform.ts'
import type { Audience } from './perform.ts'
import { resultOf } from './result.ts'
import type { Result } from './result.ts'
import { sceneOf } from './scene.ts'
import { openOnKafka } from './onkafka.ts'
import type { Guests, StartKafka } from './onkafka.ts'
import { openEmbedded, openTarget } from './setting.ts'

/** How a scenario is to be played: with which options of the gateway, and where. */
export type Manner = Readonly<{
  name: string
  variant: string // '' for the scenario as it is
  overlay: Overlay
  target: boolean // at the target that it names
  startKafka: StartKafka
  guests?: Guests // on a Kafka
}>

/** Plays a scenario, and ends everything that it started for it. */
export async function explore(scenario: Scenario, manner: Manner, audience: Audience): Promise<Result> {
  const { name, variant, overlay, target } = manner
  const scene = sceneOf(scenario, name)
  await using held = new AsyncDisposableStack()
  const { behaviour } = scene
  const setting = target
    ? await openTarget(scenario, held)
    : scenario.broker === 'kafka'
      ? await openOnKafka(scenario, overlay, behaviour, manner, held)
      : await openEmbedded(scenario, overlay, behaviour, held)
  const run = await perform(scene, setting, audience)
  return resultOf(run, { scenario, spells: scene.spells, name, variant })
}
