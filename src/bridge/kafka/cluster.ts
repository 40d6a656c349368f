import type { Signal } from '../../aborter.ts'
import { isoTime, now, pause, since, wallClock } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { BrokerState } from '../broker.ts'
import { hostAndPort } from './access.ts'
import type { Access } from './access.ts'
import { dial } from './link.ts'
import type { Link } from './link.ts'
import { metadataRequest } from './metadata.ts'
import type { Metadata, TopicMetadata } from './metadata.ts'
import { codeName, codes } from './protocol.ts'

/** A use of its own for connections, with the nodes that it needs. Kafka answers one request of a connection at a time. */
type Purpose = Readonly<{ name: string; nodes: () => Iterable<number> }>

const roundMs = 250 // at most one dial to a lost node in this time
/** A leader that has moved is known everywhere in a moment: it is asked for again after so long, then after twice as long, and so on. */
const soonMs = 20
const mostTopics = 1_000 // commands may name any topic for their replies
const learnMs = 2_000 // a broker that is slow, and half a second of hearsay
const lookMs = 5
/**
 * A worker finds out by its own pace that a leader has moved, and so does its group: a worker with kafkajs on a busy machine took up to
 * 2.5 s.
 */
const settlingMs = 4_000
/**
 * Brokers hear of a new topic one after the other: it is missing when none has heard of it, asked more often than this, which takes half
 * a second.
 */
const mostHearsay = 5
const missingMs = 2_000 // a topic that is not there may be created by somebody

/**
 * What is known of the cluster, and the connections to it: one loop that keeps both as they should be, whatever happens.
 * Requests never dial, so that an outage costs four dials a second and no more.
 */
export class Cluster {
  readonly #access: Access
  readonly #links = new Map<string, Link>()
  readonly #purposes = new Set<Purpose>()
  readonly #watchers = new Set<() => void>()
  readonly #answers = new Map<string, Promise<void>>() // that are awaited, by topic
  readonly #topics = new Map<string, TopicMetadata | null>()
  readonly #missed = new Map<string, number>() // topics that a broker has not heard of, and how often we were told
  readonly #lost = new Map<number, Readonly<{ at: Instant; why: unknown }>>() // nodes that could not be dialled, last time
  #nodes: Metadata['nodes'] = []
  #turn = 0 // of the links, to be asked
  #state: BrokerState = 'connecting'
  #reason = 'the first connection is under way'
  #seed = 0
  #movedAt: Instant | null = null // a leader was another one, seen last
  #refreshedAt: Instant | null = null
  #stale = false
  #restMs = soonMs // between two looks
  #changed = false // since the watchers were last told
  #ended = new AbortController()
  #wake = new AbortController()
  #running: Promise<void> | null = null

  constructor(access: Access) {
    this.#access = access
    this.purpose('produce', () => this.#leaders())
  }

  get state(): BrokerState {
    return this.#state
  }

  get reason(): string {
    return this.#reason
  }

  start(topics: readonly string[]): void {
    for (const topic of topics)
      if (!this.#topics.has(topic) && this.#topics.size < mostTopics) {
        this.#topics.set(topic, null)
        this.#restMs = soonMs
      }
    this.refresh()
    this.#running ??= this.#run()
  }

  /** Calls back after every change: state, leaders, links. A round that finds everything as it was is none. */
  watch(changed: () => void): Disposable {
    this.#watchers.add(changed)
    return { [Symbol.dispose]: () => void this.#watchers.delete(changed) }
  }

  purpose(name: string, nodes: () => Iterable<number>): Disposable {
    const purpose: Purpose = { name, nodes }
    this.#purposes.add(purpose)
    this.#wake.abort()
    return {
      [Symbol.dispose]: () => {
        this.#purposes.delete(purpose)
        for (const [key, link] of this.#links) if (key.endsWith(`/${name}`)) link.close('no longer needed')
      },
    }
  }

  /** The open connection to a node, or null: then the loop is at it. */
  link(node: number, purpose: string): Link | null {
    return this.#links.get(`${node}/${purpose}`) ?? null
  }

  /** An open connection that answers, each time to another node if there is one: the last may be about to go. Null when there is none. */
  anyLink(): Link | null {
    const open = [...this.#links].filter(([key, link]) => key.endsWith('/produce') && link.open && link.mutedMs === 0)
    return open[this.#turn++ % open.length]?.[1] ?? null
  }

  /** Aborts when it is closed. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  /** Asks for fresh metadata: something that we knew is no longer so. */
  refresh(): void {
    this.#stale = true
    this.#wake.abort()
  }

  /** A node answered with this code: our metadata is old, and a leader may have moved. */
  stale(code: number): void {
    if (code === codes.notLeaderOrFollower) this.#movedAt = now()
    this.refresh()
  }

  /** Whether the brokers have said anything of the topic, be it that it is missing. */
  knows(topic: string): boolean {
    return (this.#topics.get(topic) ?? null) !== null
  }

  /**
   * Asks the brokers for a topic; resolves when they have answered, after two seconds without an answer, or on abort. All who
   * ask wait for the same answer, and go on in the order in which they asked: so records keep theirs.
   */
  async learn(topic: string, signal: Signal): Promise<void> {
    this.start([topic])
    let answer = this.#answers.get(topic)
    if (answer === undefined) this.#answers.set(topic, (answer = this.#answer(topic)))
    const { promise: aborted, resolve } = Promise.withResolvers<void>()
    const abort = (): void => resolve()
    signal.addEventListener('abort', abort, { once: true })
    await Promise.race([answer, aborted])
    signal.removeEventListener('abort', abort)
  }

  async #answer(topic: string): Promise<void> {
    const begun = now()
    while (!(this.knows(topic) && this.#state === 'ready') && since(begun) < learnMs)
      await pause(lookMs, this.#ended.signal)
    this.#answers.delete(topic)
  }

  /** Partitions of the topic. Throws not-ready while unknown, topic-missing, topic-forbidden. */
  partitions(topic: string): number {
    const known = this.#topics.get(topic)
    if (known === undefined || known === null) {
      if (known === undefined) this.start([topic])
      throw new Problem('not-ready', `Nothing is known of the topic ${topic} yet: ${this.#reason}.`, {
        retryAfterMs: 1_000,
      })
    }
    if (known.code === codes.topicAuthorizationFailed)
      throw new Problem('topic-forbidden', `No permission on ${topic}.`)
    if (known.partitions.length === 0) this.refresh() // somebody may have created it by now
    if (known.partitions.length === 0) throw new Problem('topic-missing', `The topic ${topic} does not exist.`)
    return known.partitions.length
  }

  /** Whether a partition had another leader, or the clients of one may still be looking for it, at some time since then. */
  movedSince(instant: Instant): boolean {
    return this.#movedAt !== null && this.#movedAt + settlingMs >= instant
  }

  /** The node that leads a partition, or null when there is none. */
  leader(topic: string, partition: number): number | null {
    const leader = this.#topics.get(topic)?.partitions[partition]?.leader
    return leader === undefined || leader < 0 ? null : leader
  }

  /** What tells the topic from a later one of its name; null while it is not known, not there, or the brokers are too old. */
  id(topic: string): string | null {
    return this.#topics.get(topic)?.id ?? null
  }

  /** How many partitions it has; 0 when it is not there, null while nothing is known. */
  size(topic: string): number | null {
    return this.#topics.get(topic)?.partitions.length ?? null
  }

  async #run(): Promise<void> {
    for (;;) {
      const begun = now()
      let complete = false
      try {
        complete = await this.#round()
      } catch (error) {
        this.#restMs = roundMs // nobody is there to ask
        this.#settle(error instanceof Error ? error.message : String(error))
      }
      if (this.#ended.signal.aborted) return
      await pause(this.#restMs - since(begun), this.#ended.signal)
      this.#restMs = Math.min(roundMs, this.#restMs * 2)
      if (!complete || this.#stale) continue
      this.#restMs = soonMs
      // a topic may have grown: until we know, its other partitions are neither written nor read
      await pause(this.#missing() ? missingMs : this.#access.metadataMaxAgeMs, this.#wake.signal)
      this.#wake = new AbortController()
      if (this.#missing()) this.#stale = true
      if (this.#ended.signal.aborted) return
    }
  }

  /** One look at everything; true when nothing is left to do. */
  async #round(): Promise<boolean> {
    const known = this.anyLink()
    const first = known === null
    const link = known ?? (await this.#dialAnyone())
    if (
      first ||
      this.#stale ||
      this.#refreshedAt === null ||
      since(this.#refreshedAt) > this.#access.metadataMaxAgeMs
    ) {
      this.#stale = false
      await this.#learn(link)
    }
    if (first && ![...this.#links.values()].includes(link)) link.close('only for the first look')
    const failures: string[] = []
    await Promise.all(
      [...this.#wanted()].map(([node, purposes]) =>
        this.#connect(node, purposes).catch((error: unknown) => {
          failures.push(error instanceof Error ? error.message : String(error))
          this.#stale = true // whoever does not answer may lead no more
        }),
      ),
    )
    this.#settle(failures[0] ?? '')
    const waiting = [...this.#topics.values()].some(
      topic => topic === null || topic.partitions.some(({ leader }) => leader < 0),
    )
    if (waiting) this.#stale = true
    return failures.length === 0 && !waiting
  }

  /** Nodes that answered before, then the configured ones, one a round. */
  async #dialAnyone(): Promise<Link> {
    const known = this.#nodes.map(({ id, host, port }) => ({ id, host, port }))
    const seeds = this.#access.seeds.map(seed => ({ id: -1, ...hostAndPort(seed) }))
    const all = [...known, ...seeds]
    const chosen = all[this.#seed++ % all.length]
    if (chosen === undefined) throw new Error('no address of a broker is configured')
    const key = `${chosen.id}/produce`
    const spare = chosen.id === -1 || this.#links.has(key) // one that is held back is no lost one
    const link = await this.#dial(chosen.host, chosen.port, spare ? null : key)
    this.#seed = 0
    return link
  }

  async #dial(host: string, port: number, key: string | null): Promise<Link> {
    try {
      const link: Link = await dial(host, port, this.#access, reason => {
        if (key === null || this.#links.get(key) !== link) return
        this.#links.delete(key)
        this.#changed = true
        this.#stale = true
        this.#settle(reason)
        this.#wake.abort()
      })
      if (key !== null) this.#links.set(key, link)
      if (key !== null) this.#changed = true
      if (this.#ended.signal.aborted) link.close('closed')
      return link
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      throw new Error(`${host}:${port}: ${inOneLine(said)}`, { cause: error })
    }
  }

  async #connect(node: number, purposes: readonly string[]): Promise<void> {
    const address = this.#nodes.find(({ id }) => id === node)
    if (address === undefined) throw new Error(`node ${node} is not in the cluster`)
    const lost = this.#lost.get(node)
    if (lost !== undefined && since(lost.at) < roundMs) throw lost.why
    this.#lost.delete(node)
    try {
      for (const purpose of purposes) {
        const key = `${node}/${purpose}`
        if (!this.#links.has(key)) await this.#dial(address.host, address.port, key) // the second only after the first
      }
    } catch (why) {
      this.#lost.set(node, { at: now(), why })
      throw why
    }
  }

  async #learn(link: Link): Promise<void> {
    const { nodes, topics } = await link.send(
      metadataRequest([...this.#topics.keys()], link.knows),
      this.#access.connectMs,
    )
    this.#nodes = nodes
    this.#refreshedAt = now()
    for (const topic of topics) {
      if (this.#isHearsay(topic)) {
        this.#stale = true
        continue
      }
      const partitions = [...topic.partitions].sort((a, b) => a.partition - b.partition)
      const before = this.#topics.get(topic.name)
      if (before?.id !== topic.id || !sameLeaders(before?.partitions, partitions)) this.#changed = true
      if (hasMoved(before?.partitions, partitions)) this.#movedAt = now()
      if (before?.id === topic.id) tellGrowth(topic.name, before.partitions.length, partitions.length)
      this.#topics.set(topic.name, { ...topic, partitions })
    }
  }

  /** Whether that it is missing is the word of one broker so far, and what we knew holds. */
  #isHearsay({ name, code }: TopicMetadata): boolean {
    if (code !== codes.unknownTopicOrPartition) {
      this.#missed.delete(name)
      return false
    }
    const times = (this.#missed.get(name) ?? 0) + 1
    this.#missed.set(name, times)
    return times <= mostHearsay
  }

  #missing(): boolean {
    return [...this.#topics.values()].some(topic => topic === null || topic.partitions.length === 0)
  }

  #wanted(): Map<number, string[]> {
    const wanted = new Map<number, string[]>()
    for (const { name, nodes } of this.#purposes)
      for (const node of new Set(nodes())) wanted.set(node, [...(wanted.get(node) ?? []), name])
    return wanted
  }

  *#leaders(): Iterable<number> {
    let some = false
    for (const topic of this.#topics.values())
      for (const { leader } of topic?.partitions ?? [])
        if (leader >= 0) {
          some = true
          yield leader
        }
    const anyone = this.#nodes[0] // without a topic yet, somebody must still be asked
    if (!some && anyone !== undefined) yield anyone.id
  }

  #settle(problem: string): void {
    const connected = [...this.#links.keys()].some(key => key.endsWith('/produce'))
    const state: BrokerState = connected ? 'ready' : problem === '' ? this.#state : 'down'
    const reason = connected ? '' : problem === '' ? 'no connection' : problem
    const entered = state !== this.#state
    const changed = this.#changed || entered || reason !== this.#reason
    this.#changed = false
    this.#state = state
    this.#reason = reason
    if (entered && events.broker.hasSubscribers) events.broker.publish({ state, reason })
    if (changed) for (const watcher of this.#watchers) watcher()
  }

  async close(): Promise<void> {
    this.#ended.abort()
    this.#wake.abort()
    for (const link of this.#links.values()) link.close('closed')
    await this.#running
  }
}

const sameLeaders = (before: TopicMetadata['partitions'] = [], after: TopicMetadata['partitions']): boolean =>
  before.length === after.length && after.every(({ leader }, i) => before[i]?.leader === leader)

const hasMoved = (before: TopicMetadata['partitions'] = [], after: TopicMetadata['partitions']): boolean =>
  before.some(({ leader }, i) => i < after.length && after[i]?.leader !== leader)

/** Said once for each growth: the keys of a topic are spread over its partitions, by their number. */
function tellGrowth(topic: string, before: number, after: number): void {
  if (before === 0 || after <= before || !events.warning.hasSubscribers) return
  const what = `${topic} has grown from ${before} to ${after} partitions (seen at ${isoTime(wallClock())}): from now on keys go to other partitions, so that two records of one key may be worked on out of order until the older ones are done.`
  events.warning.publish({ what, cause: undefined })
}

/** OpenSSL gives the place in its source and a line break along with its reason. */
const inOneLine = (said: string): string =>
  (/SSL routines:[^:]*:([^:]+):/.exec(said)?.[1] ?? said).replace(/^Connection error: /, '').trim()

/** Whether an error code of a produce or fetch answer says that our metadata is old. */
export const meansStale = (code: number): boolean =>
  code === codes.notLeaderOrFollower ||
  code === codes.unknownTopicOrPartition ||
  code === codes.unknownTopicId ||
  code === codes.inconsistentTopicId ||
  code === codes.leaderNotAvailable ||
  code === codes.kafkaStorageError

export const said = (code: number): string => `the broker answered ${codeName(code)}`
