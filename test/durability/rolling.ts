import { Aborter } from '../../src/aborter.ts'
import { figure, none, note } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { sleep } from '../faults/time.ts'
import type { Scope } from '../help/scope.ts'
import { accepted } from './clients.ts'
import { Phoenix } from './gateway.ts'
import { Scene } from './scene.ts'
import { statuses } from './statuses.ts'

export type RollingOptions = Readonly<{ restarts: number; perSecond: number }>

const lookMs = 50
const drainMs = 1_000 // many looks at /readyz

/** F7: two instances are restarted by turns under load; clients ask those whose /readyz says 200. */
export async function rolling(
  t: Scope,
  cluster: KafkaCluster,
  { restarts, perSecond }: RollingOptions,
): Promise<readonly Figure[]> {
  const ready = new Set<Phoenix>()
  let next = 0
  const place = (): string | null => [...ready][next++ % Math.max(1, ready.size)]?.url ?? null
  const scene = await Scene.open(t, cluster, 'f7', { perSecond, orders: true, place }, async ({ path, names }) => {
    const common = { folder: path, brokers: cluster.brokers, names, drainMs }
    return [await Phoenix.start(t, { ...common, id: 'a' }), await Phoenix.start(t, { ...common, id: 'b' })]
  })
  const over = new Aborter()
  const looking = scene.gateways.map(async gateway => {
    while (!over.aborted) {
      if (await gateway.isReady()) ready.add(gateway)
      else ready.delete(gateway)
      await sleep(lookMs)
    }
  })
  while (ready.size < scene.gateways.length) await sleep(lookMs)
  scene.clients.start()
  await sleep(2_000)
  const codes: (number | null)[] = []
  for (let i = 0; i < restarts; i++) {
    const gateway = scene.gateways[i % 2]
    if (gateway === undefined) break
    codes.push(await gateway.end('SIGTERM'))
    gateway.again()
    if ((await gateway.ready(30_000)) === Infinity) throw new Error(`It is not ready again: ${await gateway.reasons()}`)
    await sleep(300)
  }
  await sleep(1_000)
  const { figures } = await scene.settle()
  over.abort(null)
  await Promise.all(looking)
  const { attempts } = scene.clients
  const failed = attempts.filter(attempt => !accepted(attempt))
  const told = failed.map(({ id, status, code }) => `${id}: ${status} ${code}`)
  const wrong = codes.filter(code => code !== 0)
  return [
    figure('restarts, each ended with 0', String(restarts), String(codes.length - wrong.length), wrong.length === 0),
    none('requests that failed, repetitions counted', '0', attempts.length, told),
    ...figures,
    ...(failed.length > 0 ? [statuses('failed', failed)] : [note('failed', 'none')]),
  ]
}
