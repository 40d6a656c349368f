import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaCluster } from '../../tools/kafka/cluster.ts'
import { Child } from './child.ts'
import { figure, seconds } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { Gateway, sum, topics } from './gateway.ts'
import { judge } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { Load } from './load.ts'
import type { Answer } from './load.ts'
import type { Dials, Memory } from './probe.ts'
import { answers } from './tally.ts'
import { now, sleep, until } from './time.ts'
import { endsOf, readTopics } from './topics.ts'
import type { Ends } from './topics.ts'
import type { Deed } from './worker.ts'

export type SceneOptions = Readonly<{ perSecond: number; warmMs: number; createTopics?: boolean }>

export type Settled = Readonly<{ figures: readonly Figure[]; ledger: Ledger; dials: Dials }>

const quietMs = 1_500
const mebi = 1_048_576

/** A gateway and a worker as processes, on a cluster that the story may harm, and clients that go on whatever happens. */
export class Scene implements AsyncDisposable {
  readonly gateway: Gateway
  readonly load: Load
  readonly #worker: Child
  readonly #cluster: KafkaCluster
  readonly #folder: string
  #before: Memory | null = null
  #warm: Figure | null = null
  #from: Ends = new Map() // what is below was written by others, before

  private constructor(cluster: KafkaCluster, folder: string, gateway: Gateway, worker: Child, load: Load) {
    this.#cluster = cluster
    this.#folder = folder
    this.gateway = gateway
    this.#worker = worker
    this.load = load
  }

  /** Resolves with clients that are at it, after a warm-up and a collection. */
  static async open(cluster: KafkaCluster, { perSecond, warmMs, createTopics = true }: SceneOptions): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'))
    const gateway = await Gateway.start(folder, cluster.brokers, { createTopics })
    await until('the gateway to be ready', 30_000, async () => (await gateway.ready()).status === 200)
    const file = join(import.meta.dirname, 'worker.ts')
    const args = [file, cluster.brokers, topics.commands, join(folder, 'deeds')]
    const worker = new Child('the worker', args, join(folder, 'worker.log'))
    const scene = new Scene(
      cluster,
      folder,
      gateway,
      worker,
      new Load(gateway.url, perSecond, `o-${randomUUID().slice(0, 8)}`),
    )
    try {
      await until('the worker to serve', 30_000, () => worker.alive() && worker.output.includes('serving'))
      scene.#from = await endsOf(cluster.brokers, Object.values(topics))
      scene.load.start()
      await sleep(warmMs)
      await scene.load.stop()
      scene.#warm = answers('warming up', scene.load.answers)
      scene.#before = await gateway.memory()
      scene.load.start()
      return scene
    } catch (error) {
      await scene[Symbol.asyncDispose]()
      throw error
    }
  }

  get answers(): readonly Answer[] {
    return this.load.answers
  }

  /** The first answer of that kind to a request that was begun after the instant; throws after `limitMs`. */
  async first(after: number, limitMs: number, is: (answer: Answer) => boolean): Promise<Answer | null> {
    const find = (): Answer | undefined => this.load.answers.find(answer => answer.begun >= after && is(answer))
    await until('an answer', limitMs, () => find() !== undefined).catch(() => {})
    return find() ?? null
  }

  /** Ends the clients, waits until nothing moves, and holds the three records against each other. I6 is looked at before anything is stopped. */
  async settle(): Promise<Settled> {
    await this.load.stop()
    const healed = await this.#healed()
    const counted = await this.#counters()
    const dials = await this.gateway.dials()
    await this.#worker.end()
    const code = await this.gateway.child.end()
    const deeds = readFileSync(join(this.#folder, 'deeds'), 'utf8').split('\n').filter(Boolean)
    const ledger: Ledger = {
      answers: this.load.answers,
      sent: this.load.sent,
      deeds: deeds.map(line => JSON.parse(line) as Deed),
      log: await readTopics(this.#cluster.brokers, Object.values(topics), this.#from),
      counted,
    }
    const figures = [
      ...(this.#warm === null ? [] : [this.#warm]),
      ...judge(ledger),
      ...healed,
      figure('I6 ends when asked to, with', '0', String(code), code === 0),
    ]
    return { figures, ledger, dials }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.load.close()
    await Promise.all([this.#worker.end(2_000), this.gateway.child.end(2_000)])
    if (process.env['SLUICE_FAULTS_KEEP'] === undefined) rmSync(this.#folder, { recursive: true, force: true })
    else console.log(`kept: ${this.#folder}`)
  }

  /** Replies may still come for what was in doubt: what is counted is final once nothing has changed for a while. */
  async #counters(): Promise<Ledger['counted']> {
    let last = -1
    let since = now()
    await until('the last reply', 30_000, async () => {
      const replies = sum(await this.gateway.metrics(), 'sluice_replies_total')
      if (replies !== last) since = now()
      last = replies
      return now() - since > quietMs
    })
    const metrics = await this.gateway.metrics()
    const replies = (name: string): number => sum(metrics, 'sluice_replies_total', `"${name}"`)
    const [answered, late, duplicate] = [replies('answered'), replies('late'), replies('duplicate')]
    const retries = sum(metrics, 'sluice_retries_total')
    return { answered, late, duplicate, other: last - answered - late - duplicate, retries }
  }

  async #healed(): Promise<readonly Figure[]> {
    const pending = async (): Promise<number> => {
      const metrics = await this.gateway.metrics()
      return sum(metrics, 'sluice_in_flight') + sum(metrics, 'sluice_waiting')
    }
    const took = await until('nothing to be pending', 10_000, async () => (await pending()) === 0).catch(() => Infinity)
    const metrics = await this.gateway.metrics()
    const open = [...metrics].filter(
      ([series, value]) => series.startsWith('sluice_circuit_state') && !series.includes('"closed"') && value === 1,
    )
    const { status, degraded, reasons } = await this.gateway.ready()
    const after = await this.gateway.memory()
    return [
      figure('I6 pending', '0', `${await pending()}${took < 100 ? '' : ` after ${seconds(took)}`}`, took < Infinity),
      figure('I6 circuits that are not closed', '0', open.map(([series]) => series).join() || '0', open.length === 0),
      figure('I6 /readyz', '200', [status, ...reasons].join(' '), status === 200 && !degraded),
      this.#memory(after),
    ]
  }

  #memory(after: Memory): Figure {
    const before = this.#before ?? after
    const grown = (100 * (after.heap - before.heap)) / before.heap
    const mib = (bytes: number): string => (bytes / mebi).toFixed(1)
    return figure(
      'I6 heap after collection, against before',
      '± 10 %',
      `${grown.toFixed(1)} % (${mib(before.heap)} → ${mib(after.heap)} MiB, buffers ${mib(before.outside)} → ${mib(after.outside)}, resident ${mib(before.resident)} → ${mib(after.resident)})`,
      grown <= 10,
    )
  }
}
