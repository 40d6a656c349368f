import type { Config } from '../config/schema/index.ts'
import type { Broker } from './bridge/broker.ts'
import type { Correlator } from './bridge/correlate.ts'
import type { Inbox } from './bridge/inbox.ts'
import type { Operations, Returns } from './bridge/operations/index.ts'
import type { Call } from './call.ts'
import { now } from './clock.ts'
import { Problem } from './problem.ts'
import { Readiness } from './readiness.ts'
import type { ClusterGuards } from './resilience/guards.ts'
import type { Stall } from './resilience/stall.ts'

type Parts = Readonly<{
  config: Pick<Config, 'broker' | 'readiness'>
  broker: Pick<Broker, 'state' | 'reason' | 'movedSince'>
  replies: Pick<Correlator, 'skews'>
  inbox: Pick<Inbox, 'healthy' | 'sickForMs' | 'sickSince' | 'reason' | 'notices'>
  cluster: Pick<ClusterGuards, 'circuit'>
  stall: Pick<Stall, 'since'>
  operations: OperationsHealth | null
  upstreams: Readonly<{ named: ReadonlyMap<string, Noticed> }>
  calling: readonly Noticed[]
  push: readonly Noticed[]
}>
type Noticed = Readonly<{ notices: readonly string[] }>
type OperationsHealth = Readonly<{ log: Pick<Operations, 'healthy'>; returns: Pick<Returns, 'healthy'> }>

/** A reader that follows its partition to another leader is back by then, long before its replies are due. */
const followMs = 1_000
const later = { retryAfterMs: 1_000, limit: 1, observed: 0 } // one is wanted, and none is there

/** How the instance is: the gates of the routes, the admin pages and whoever prepares it ask this one place. */
export class Health {
  readonly readiness = new Readiness()
  /** Why topics of single routes cannot be used, by topic: everything else works. */
  lacking: ReadonlyMap<string, Problem> = new Map()
  /** Where topics do not keep what routes promise. */
  deliveries: Readonly<{ notices: readonly string[] }> | null = null
  readonly #parts: Parts
  readonly #noticedMs: number
  #wasReady = false

  constructor(parts: Parts) {
    this.#parts = parts
    // A broker that stands still is found out by one connection after the other: a sick reader may be the first to notice.
    this.#noticedMs = parts.config.broker.connectMs + 1_000
  }

  /** Whether it has been ready once: only then can it be degraded. */
  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Everything is prepared: it is ready for the first time. */
  prepared(): void {
    this.#wasReady = true
    this.readiness.clear('broker')
  }

  readonly unreachable = (): Problem =>
    new Problem('broker-unavailable', `No broker is reachable: ${this.#parts.broker.reason}.`, later)

  /** Why nothing can be asked of this instance yet, or null. */
  readonly started = (): Problem | null =>
    this.#wasReady ? null : new Problem('not-ready', `Not ready yet: ${this.readiness.toString()}`, later)

  /** Why no record can be published, or null. */
  readonly reachable = (): Problem | null =>
    this.#parts.broker.state === 'ready' ? this.#parts.cluster.circuit.wouldRefuse('gate') : this.unreachable()

  /** Why no reply can be received, or null. */
  readonly answerable = (): Problem | null =>
    this.#parts.inbox.healthy || this.#follows()
      ? null
      : new Problem('not-ready', 'Replies cannot be received at present.', later)

  /** Whether replies will come again in a moment, as their partition has only another leader. */
  #follows(): boolean {
    const { inbox, broker } = this.#parts
    return broker.movedSince(now()) && inbox.sickForMs <= followMs
  }

  /** Why operations cannot be written or followed, or null. */
  readonly operable = (): Problem | null => {
    const { operations } = this.#parts
    return operations === null || (operations.log.healthy && operations.returns.healthy)
      ? null
      : new Problem('not-ready', 'Operations cannot be followed at present.', later)
  }

  /**
   * Whether silence since then says nothing about a worker, as we could not hear it. The cluster counts too: while it takes no
   * records, or its leaders move, the worker may be unable to answer, as we are to ask.
   */
  readonly excused = (since: Call['started']): boolean => {
    const { inbox, stall, cluster, broker } = this.#parts
    return (
      inbox.sickSince(since) || stall.since(since) || cluster.circuit.troubledSince(since) || broker.movedSince(since)
    )
  }

  /** What may keep the replies of a worker away although it answers: sentences. */
  readonly causes = (worker: string): readonly string[] => {
    const skew = this.#parts.replies.skews.of(worker)
    return skew === null ? this.#parts.inbox.notices : [...this.#parts.inbox.notices, skew]
  }

  /** What does not work at present although the instance was ready once: a sentence by the name of each part. */
  degraded(): Readonly<Record<string, string>> {
    const { broker, inbox } = this.#parts
    if (!this.#wasReady) return {}
    if (broker.state !== 'ready') return { broker: `No broker is reachable: ${broker.reason}.` }
    return inbox.healthy ? {} : { replies: inbox.reason }
  }

  /** What an operator should know although everything works: sentences. */
  notices(): readonly string[] {
    if (!this.#wasReady) return []
    const { inbox, replies, upstreams, calling, push } = this.#parts
    const failing = [...this.lacking.values()].map(({ message }) => `Routes fail for want of a topic: ${message}`)
    const promised = this.deliveries?.notices ?? []
    const others = [...upstreams.named.values(), ...calling, ...push].flatMap(({ notices }) => notices)
    return [...failing, ...promised, ...inbox.notices, ...replies.skews.notices, ...others]
  }

  /** Brings readiness up to date. To be called when somebody asks: then the page, the metric and the log say the same. */
  look(): void {
    if (!this.#wasReady) return
    const ills = this.#isSick() ? this.degraded() : {}
    for (const part of ['broker', 'replies']) {
      const why = ills[part]
      if (why === undefined) this.readiness.clear(part)
      else this.readiness.block(part, why)
    }
  }

  /** An outage of the brokers is everybody's and leaves the instance ready, unless `strict`. A dead reader is ours alone. */
  #isSick(): boolean {
    const { config, broker, inbox } = this.#parts
    if (config.readiness === 'strict') return Object.keys(this.degraded()).length > 0
    return broker.state === 'ready' && inbox.sickForMs > this.#noticedMs
  }
}
