import { count, figure, note, seconds, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { now, sleep } from '../faults/time.ts'
import type { Scope } from '../help/scope.ts'
import { Phoenix } from './gateway.ts'
import { Scene } from './scene.ts'
import { statuses } from './statuses.ts'

export type CrashOptions = Readonly<{ kills: number; perSecond: number }>
export type Told = Readonly<{ scene: Scene; kills: readonly number[]; figures: readonly Figure[] }>

const outageEvery = 10 // of ten kills three are while the broker is away
const outageKills = 3
const readyMs = 5_000

/** F6: the gateway is killed -9 at random moments under load, also while it starts and while the broker is dead. */
export async function crashes(t: Scope, cluster: KafkaCluster, { kills, perSecond }: CrashOptions): Promise<Told> {
  let gateway: Phoenix | null = null
  const place = (): string | null => gateway?.url ?? null
  const scene = await Scene.open(t, cluster, 'f6', { perSecond, orders: true, place }, async ({ path, names }) => {
    gateway = await Phoenix.start(t, { folder: path, brokers: cluster.brokers, names })
    return [gateway]
  })
  const [phoenix] = scene.gateways
  const [node] = cluster.nodes
  if (phoenix === undefined || node === undefined) throw new Error('There is no gateway, or no broker.')
  const killed: number[] = []
  const readies: number[] = []
  let serving = -Infinity // since when the broker does, where it was away
  let early = 0

  const kill = async (brokerIsThere: boolean): Promise<void> => {
    if (killed.length % 4 === 3) {
      await sleep(Math.random() * 1_000) // while it starts
      if (!(await phoenix.isReady())) early++
    } else {
      if (brokerIsThere) {
        const took = await phoenix.ready(30_000) // Infinity when it never is
        // one that began while the broker was away cannot be ready before the broker is
        readies.push(Number.isFinite(took) ? Math.min(took, now() - serving) : took)
      } else await sleep(1_000)
      await sleep(Math.random() * 1_500)
    }
    await phoenix.end('SIGKILL')
    killed.push(now() - scene.begun)
    phoenix.again()
  }
  scene.clients.start()
  await sleep(2_000)
  while (killed.length < kills) {
    for (let i = 0; i < outageEvery - outageKills && killed.length < kills; i++) await kill(true)
    if (killed.length >= kills) break
    await scene.trouble('broker dead', async () => {
      await node.kill9()
      for (let i = 0; i < outageKills && killed.length < kills; i++) await kill(false)
      await sleep(1_000)
      await node.restart()
      serving = now()
    })
  }
  await phoenix.ready(30_000)
  await sleep(2_000)
  const { figures } = await scene.settle()
  const worst = Math.max(...readies)
  return {
    scene,
    kills: killed,
    figures: [
      figure(
        'gateway killed -9',
        String(kills),
        `${count(killed.length)}, ${early} of them before it was ready`,
        killed.length === kills,
      ),
      note('broker killed -9', `${scene.troubles.length} times`),
      timed(
        'ready after its start, and the broker’s, at most',
        `≤ ${seconds(readyMs)}`,
        seconds(worst),
        worst <= readyMs,
      ),
      ...figures,
      statuses(
        'answers to facts',
        scene.clients.attempts.filter(({ kind }) => kind === 'fact'),
      ),
      statuses(
        'answers to orders, repeated',
        scene.clients.attempts.filter(({ kind }) => kind === 'order'),
      ),
    ],
  }
}
