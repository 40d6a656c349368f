import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { figure, seconds, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { served } from './load.ts'
import type { Answer } from './load.ts'
import { Scene } from './scene.ts'
import type { SceneOptions } from './scene.ts'
import { answers, fewDials, quickRefusals } from './tally.ts'
import { now, sleep } from './time.ts'

export type FaultOptions = SceneOptions & Readonly<{ downMs: number; afterMs: number }>

/** F1: the only broker is killed under load, and comes back on its port with its data. */
export async function killed(cluster: KafkaCluster, options: FaultOptions): Promise<readonly Figure[]> {
  await using scene = await Scene.open(cluster, options)
  const node = cluster.nodes[0]!
  await sleep(2_000)
  await node.kill9()
  const down = now()
  await sleep(options.downMs)
  const ready = await scene.gateway.ready()
  const starting = now() // from here on it takes the processor from everybody else on this machine
  node.launch()
  await node.serves()
  const back = now()
  const first = await scene.first(down, 30_000, served)
  await sleep(options.afterMs)
  const { figures, dials } = await scene.settle()

  const between = (from: number, to: number): readonly Answer[] =>
    scene.answers.filter(({ ended }) => ended >= from && ended < to)
  const firstMs = first === null ? Infinity : Math.max(0, first.ended - back)
  return [
    quickRefusals('while down: `not-sent` within 20 ms', between(down, starting)),
    figure('while down: /readyz', '200', [ready.status, ...ready.reasons].join(' '), ready.status === 200),
    timed('first 2xx of the worker, after the broker serves', '≤ 5 s', seconds(firstMs), firstMs <= 5_000),
    fewDials(dials, down),
    answers('while down', between(down, starting)),
    answers(`while it starts (${seconds(back - starting)})`, between(starting, back)),
    answers('from then on', between(back, Infinity)),
    ...figures,
  ]
}
