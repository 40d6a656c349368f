import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { figure, percent, seconds, share, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { FaultOptions } from './killed.ts'
import { byOrder } from './ledger.ts'
import { served } from './load.ts'
import { Scene } from './scene.ts'
import { answers, fewDials } from './tally.ts'
import { now, sleep } from './time.ts'

/** F2: the only broker is stopped under load: its connections stay, and nothing is answered, until it goes on. */
export async function frozen(cluster: KafkaCluster, options: FaultOptions): Promise<readonly Figure[]> {
  await using scene = await Scene.open(cluster, options)
  const node = cluster.nodes[0]!
  await sleep(2_000)
  const asked = now()
  await node.stop()
  const stopped = now()
  const states: string[] = []
  while (now() - stopped < options.downMs) {
    const { status, reasons } = await scene.gateway.ready()
    const state = [status, ...reasons].join(' ')
    if (states.at(-1)?.endsWith(state) !== true) states.push(`after ${seconds(now() - stopped)}: ${state}`)
    await sleep(Math.min(500, options.downMs))
  }
  node.cont()
  const back = now()
  const first = await scene.first(stopped, 30_000, served)
  await sleep(options.afterMs)
  const { figures, ledger, dials } = await scene.settle()

  // what the broker had at the end although nobody had confirmed it: it was handed over
  const written = byOrder(ledger.log)
  const meanwhile = scene.answers.filter(({ begun, ended }) => begun < back && ended >= asked && begun >= asked - 5_000)
  const unknown = meanwhile.filter(({ outcome }) => outcome !== 'sent')
  const over = unknown.filter(({ id }) => written.has(id))
  const doubted = over.filter(({ outcome }) => outcome === 'in-doubt')
  const kept = unknown.filter(({ id }) => !written.has(id))
  const unsent = kept.filter(({ outcome }) => outcome === 'not-sent')
  const firstMs = first === null ? Infinity : Math.max(0, first.ended - back)
  const notReady = states.filter(state => !state.includes(': 200'))
  return [
    figure(
      'handed over, unconfirmed: `in-doubt`',
      '≥ 90 %',
      share(doubted.length, over.length),
      percent(doubted.length, over.length) >= 90,
    ),
    figure(
      'not handed over: `not-sent`',
      '≥ 90 %',
      share(unsent.length, kept.length),
      percent(unsent.length, kept.length) >= 90,
    ),
    fewDials(dials, asked),
    timed('first 2xx of the worker, after it goes on', '≤ 5 s', seconds(firstMs), firstMs <= 5_000),
    figure('while stopped: /readyz', '200', states.join('; '), notReady.length === 0),
    answers(
      'while stopped',
      scene.answers.filter(({ ended }) => ended >= asked && ended < back),
    ),
    answers(
      'from then on',
      scene.answers.filter(({ ended }) => ended >= back),
    ),
    ...figures,
  ]
}
