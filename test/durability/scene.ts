import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { figure, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { Child } from '../faults/child.ts'
import { now, sleep, until } from '../faults/time.ts'
import { readTopics } from '../faults/topics.ts'
import type { Deed } from '../faults/worker.ts'
import { folder } from '../help/folder.ts'
import type { Scope } from '../help/scope.ts'
import { Clients } from './clients.ts'
import type { Asking } from './clients.ts'
import { namesOf } from './gateway.ts'
import type { Names, Phoenix } from './gateway.ts'
import { judge } from './ledger.ts'
import type { Ledger } from './ledger.ts'

/** What was seen in the second that begins so many milliseconds after the scene; depth is what waits in the spools. */
export type Sample = Readonly<{ at: number; depth: number }>
/** While the broker was away, or whatever else was wrong; in milliseconds since the scene began. */
export type Trouble = Readonly<{ label: string; fromMs: number; toMs: number }>

/** A worker and clients as they go on through all that befalls the gateways. */
export class Scene {
  readonly begun = now()
  readonly path: string
  readonly names: Names
  readonly clients: Clients
  readonly samples: Sample[] = []
  readonly troubles: Trouble[] = []
  readonly gateways: Phoenix[] = []
  readonly #cluster: KafkaCluster
  readonly #worker: Child

  private constructor(t: Scope, cluster: KafkaCluster, story: string, asking: Asking) {
    this.path = folder(t)
    this.names = namesOf(story)
    this.clients = new Clients(story, asking)
    this.#cluster = cluster
    const worker = join(import.meta.dirname, '..', 'faults', 'worker.ts')
    const args = [worker, cluster.brokers, this.names.orders, join(this.path, 'deeds')]
    this.#worker = new Child('the worker', args, join(this.path, 'worker.log'))
    t.after(async () => void (await this.#worker.end(2_000)))
    const sampling = setInterval(() => void this.#sample(), 1_000)
    t.after(() => clearInterval(sampling))
  }

  /** Resolves with a worker that serves; the gateways must have made the topics. */
  static async open(
    t: Scope,
    cluster: KafkaCluster,
    story: string,
    asking: Asking,
    gateways: (scene: Scene) => Promise<readonly Phoenix[]>,
  ): Promise<Scene> {
    const scene = new Scene(t, cluster, story, asking)
    scene.gateways.push(...(await gateways(scene)))
    for (const gateway of scene.gateways)
      if ((await gateway.ready(30_000)) === Infinity)
        throw new Error(`The gateway is not ready: ${await gateway.reasons()}`)
    await until('the worker to serve', 30_000, () => scene.#worker.alive() && scene.#worker.output.includes('serving'))
    return scene
  }

  /** Notes that something is wrong until the promise is kept. */
  async trouble<T>(label: string, work: () => Promise<T>): Promise<T> {
    const fromMs = now() - this.begun
    try {
      return await work()
    } finally {
      this.troubles.push({ label, fromMs, toMs: now() - this.begun })
    }
  }

  /** Ends the clients, waits until nothing waits anywhere, and holds the three records against each other. */
  async settle(): Promise<Readonly<{ figures: readonly Figure[]; ledger: Ledger }>> {
    await this.clients.stop(60_000)
    const begun = now()
    const left = async (): Promise<number> => {
      let total = 0
      for (const gateway of this.gateways)
        for (const name of ['sluice_spool_records', 'sluice_in_flight', 'sluice_waiting'])
          total += await gateway.metric(name)
      return total
    }
    const empty = await until('nothing to wait', 60_000, async () => (await left()) === 0).catch(() => Infinity)
    const ready = await Promise.all(this.gateways.map(gateway => gateway.isReady()))
    await sleep(1_500) // the last deeds
    const codes: (number | null)[] = []
    for (const gateway of this.gateways) codes.push(await gateway.end('SIGTERM'))
    await this.#worker.end()
    const deeds = readFileSync(join(this.path, 'deeds'), 'utf8').split('\n').filter(Boolean)
    const ledger: Ledger = {
      sent: this.clients.sent,
      attempts: this.clients.attempts,
      deeds: deeds.map(line => JSON.parse(line) as Deed),
      log: await readTopics(this.#cluster.brokers, [this.names.facts, this.names.orders], new Map()),
    }
    const figures = [
      ...judge(ledger),
      figure('I6 nothing waits in spool or gateway', 'yes', `after ${seconds(now() - begun)}`, empty < Infinity),
      figure('I6 /readyz', '200', ready.every(Boolean) ? '200' : 'not ready', ready.every(Boolean)),
      figure(
        'I6 end when asked to, with',
        '0',
        codes.join(),
        codes.every(code => code === 0),
      ),
    ]
    return { figures, ledger }
  }

  async #sample(): Promise<void> {
    const at = now() - this.begun
    let depth = 0
    for (const gateway of this.gateways) depth += await gateway.metric('sluice_spool_records')
    this.samples.push({ at, depth })
  }
}
