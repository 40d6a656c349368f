import { randomUUID } from 'node:crypto'
import { after, every, pause, wallClock } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Broker } from '../../bridge/broker.ts'
import { markOf, marksOf } from '../../bridge/mark.ts'
import { Lanes } from '../../bridge/consume/index.ts'
import { refuse } from '../answer.ts'
import { Follow } from './follow.ts'
import { Limit } from './limit.ts'
import { written } from './record.ts'
import type { Decision, Event } from './record.ts'
import { decisionName, expectedName } from './rule.ts'
import { isSameLog, nothingKept } from '../../bridge/past.ts'
import type { Snapshot } from './snapshot.ts'
import { States } from './states.ts'
import type { Definition } from './states.ts'

export type ProjectionOptions<State> = Definition<State> &
  Readonly<{
    /** Largest number of keys held. Default: 1,000,000. */
    mostKeys?: number
    /** How often what has changed is written to the snapshot, in ms. Default: 1,000. */
    snapshotMs?: number
    /** Told how far the replay is, in records. */
    onProgress?: (done: number, of: number) => void
    /** Ends the replay. */
    signal?: AbortSignal
  }>

/** What is to happen to a key in this state; none: nothing. What it throws, such as a refusal, is thrown on, and nothing is appended. */
export type Decide<State> = (state: State) => readonly Event[] | Promise<readonly Event[]>
export type DecideOptions = Readonly<{
  /** The same for each try of one decision, such as the id of a command: it is appended once. Default: a new one. */
  id?: string | null
  /** Ends the tries. */
  signal?: AbortSignal
}>
/** For how long is waited; the context of a handler says it. */
export type Patience = Readonly<{ signal?: AbortSignal; expires?: number | null; limitMs?: number }>
/** `appended`: the decision is in the log. `repeated`: it was before. `position` is what a client that has seen it can wait for. */
export type Decided<State> = Readonly<{ state: State; appended: boolean; repeated: boolean; position: string | null }>

const usual = { mostKeys: 1_000_000, snapshotMs: 1_000 }
const mostRaces = 20
const unsent = { outcome: 'not-sent' } as const
const deciding = 1_024
const baseMs = 5
const capMs = 500
const waitMs = 30_000
const answering = 0.9 // of the time that is left: who waits in vain is told so
const passing: ReadonlySet<string> = new Set([
  'broker-unavailable',
  'buffer-full',
  'not-ready',
  'publish-timeout',
  'broker-quota',
])

/** The state that a topic of events adds up to, by key, and decisions against it that the log itself puts in order. */
export class Projection<State> implements AsyncDisposable {
  readonly topic: string
  readonly #broker: Broker
  readonly #states: States<State>
  readonly #follow: Follow
  readonly #snapshot: Snapshot<State> | null
  readonly #lanes = new Lanes(deciding) // one decision of a key after the other: those of one process do not compete
  readonly #writing: Disposable
  readonly #ending = new AbortController()
  #held: AsyncDisposable | null = null
  #closing: Promise<void> | null = null

  private constructor(
    topic: string,
    broker: Broker,
    { mostKeys = usual.mostKeys, snapshotMs = usual.snapshotMs, onProgress, ...definition }: ProjectionOptions<State>,
    snapshot: Snapshot<State> | null,
  ) {
    this.topic = topic
    this.#broker = broker
    this.#snapshot = snapshot
    this.#states = new States(definition, mostKeys)
    for (const [key, entry] of snapshot?.entries() ?? []) this.#states.restore(key, entry)
    this.#follow = new Follow({
      broker,
      topic,
      kept: snapshot?.kept ?? nothingKept,
      take: record => this.#states.take(record),
      advanced: (done, of) => {
        this.#write()
        onProgress?.(done, of)
      },
      failed: cause =>
        events.warning.publish({ what: `The projection of ${topic} stands still: ${cause.message}`, cause }),
    })
    this.#writing = every(snapshotMs, () => this.#write())
  }

  /** Resolves once the log has been replayed. Throws an Error when it cannot be. */
  static async open<State>(
    topic: string,
    broker: Broker,
    options: ProjectionOptions<State>,
    snapshot: Snapshot<State> | null,
  ): Promise<Projection<State>> {
    const projection = new Projection(topic, broker, options, snapshot)
    try {
      await projection.#follow.open(options.signal ?? projection.#ending.signal)
      return projection
    } catch (error) {
      await projection.close()
      throw error
    }
  }

  /** Keys that have had an event. */
  get size(): number {
    return this.#states.size
  }

  /** Why it stands still; null while it goes on. */
  get failure(): Error | null {
    return this.#follow.failure
  }

  /** The state of a key as far as the log has been read; undefined when nothing has happened to it. */
  get(key: string): State | undefined {
    return this.#states.has(key) ? this.#states.get(key).state : undefined
  }

  keys(): Iterable<string> {
    return this.#states.keys()
  }

  /**
   * Decides against the state of a key, and appends what the decision says: as one record, which counts if nothing else has happened
   * to the key meanwhile. If something has, it is decided again. Resolves once the decision has been read back. Throws what `decide`
   * throws, and a Problem: not-sent when nothing was appended, in-doubt when that is not known; the same `id` may be tried again.
   */
  decide(key: string, decide: Decide<State>, options: DecideOptions = {}): Promise<Decided<State>> {
    const { promise, resolve, reject } = Promise.withResolvers<Decided<State>>()
    this.#lanes.add(key, async () => {
      await this.#decide(key, decide, options).then(resolve, reject)
    })
    return promise
  }

  async #decide(key: string, decide: Decide<State>, { id: given, signal }: DecideOptions): Promise<Decided<State>> {
    const id = given ?? randomUUID()
    using limited = new Limit(this.#ending.signal, signal)
    const limit = limited.signal
    let [doubt, appended, races] = [false, false, 0]
    for (let tries = 1; ; tries++) {
      if (this.failure !== null) throw this.failure
      const { state, version, ids } = this.#states.get(key)
      if (ids.includes(id))
        return { state, appended: true, repeated: !appended, position: this.#positionOf(key, version) }
      const { decided, refusal } = await answerOf(decide, state)
      try {
        if (decided.length === 0) {
          if (!(await this.#isLatest(key, version, limit))) continue
          if (refusal !== null) throw refusal.error
          return { state, appended: false, repeated: false, position: null }
        }
        await this.#append({ id, key, source: `/${this.topic}`, events: decided }, version, limit)
        appended = this.#states.get(key).ids.includes(id)
        if (appended) continue
        if (++races === mostRaces) throw new Problem('key-in-flight', `The state of ${key} changes too fast.`, unsent)
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        doubt ||= error.outcome !== 'not-sent'
        if (limit.aborted || !passing.has(error.code)) throw error.withOutcome(doubt ? 'in-doubt' : 'not-sent')
      }
      await pause(Math.random() * Math.min(capMs, baseMs * 2 ** tries), limit)
    }
  }

  /** Whether nothing has happened to the key since: what is refused must not be refused for an old state. */
  async #isLatest(key: string, version: number, signal: AbortSignal): Promise<boolean> {
    const partition = this.#broker.partitionFor(this.topic, Buffer.from(key))
    const end = (await this.#broker.past.offsets(this.topic, 'end'))[partition] ?? 0n
    if (!(await this.#follow.reach(partition, Number(end), signal)))
      throw new Problem('deadline-exceeded', 'The latest state was not read in time.')
    return this.#states.get(key).version === version
  }

  /** Resolves once the record has been read back. */
  async #append(decision: Decision, version: number, signal: AbortSignal): Promise<void> {
    const { topic } = this
    const key = Buffer.from(decision.key)
    const { headers, value } = written(decision)
    headers.push([expectedName, Buffer.from(String(version))], [decisionName, Buffer.from(decision.id)])
    const partition = this.#broker.partitionFor(topic, key)
    const { offset } = await this.#broker.publish({ topic, partition, key, value, headers, acks: 'all', signal })
    if (!(await this.#follow.reach(partition, Number(offset) + 1, signal)))
      throw new Problem('publish-timeout', 'The decision was not read back in time.')
  }

  #positionOf(key: string, version: number): string {
    return markOf(
      this.topic,
      this.#broker.partitionFor(this.topic, Buffer.from(key)),
      BigInt(version),
      this.#follow.kept.log,
    )
  }

  /**
   * Waits until the state shows what a client has seen: the `position` of a command, or of a decision. A position of another topic
   * stands for everything that is in this one by now. Throws a refusal: 504 and how far it is, 400 for a position that is none, 410 for one of
   * another log of the topic.
   */
  async reach(position: string | null, { signal, expires = null, limitMs = waitMs }: Patience = {}): Promise<void> {
    if (position === null || position === '') return
    const wanted = new Map<number, number>()
    let others = false
    for (const { topic, partition, next, log } of marksIn(position))
      if (topic !== this.topic) others = true
      else if (!isSameLog(log, this.#follow.kept.log)) throw refuse(410, `There is another ${topic} here.`)
      else wanted.set(partition, Math.max(next, wanted.get(partition) ?? 0))
    if (others)
      for (const [partition, end] of (await this.#broker.past.offsets(this.topic, 'end')).entries())
        wanted.set(partition, Math.max(Number(end), wanted.get(partition) ?? 0))
    using limit = new Limit(this.#ending.signal, signal)
    using _alarm = after(expires === null ? limitMs : Math.min(limitMs, answering * (expires - wallClock())), limit.end)
    for (const [partition, next] of wanted)
      if (!(await this.#follow.reach(partition, next, limit.signal))) {
        const at = this.#follow.positions[partition] ?? 0
        throw refuse(504, `The state of ${this.topic} is at ${at} in partition ${partition}, and ${next} is awaited.`)
      }
  }

  #write(): void {
    if (this.#snapshot === null || this.failure !== null) return
    try {
      this.#snapshot.write(this.#states.changes(), this.#follow.kept)
    } catch (cause) {
      events.warning.publish({
        what: `The snapshot of ${this.topic} cannot be written; the log has everything.`,
        cause,
      })
    }
  }

  /** What is closed with it. */
  owns(held: AsyncDisposable): void {
    this.#held = held
  }

  /** Ends what waits, and writes the snapshot. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#ending.abort()
    this.#writing[Symbol.dispose]()
    await this.#follow[Symbol.asyncDispose]()
    this.#write()
    this.#snapshot?.[Symbol.dispose]()
    await this.#held?.[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function marksIn(position: string): ReturnType<typeof marksOf> {
  try {
    return marksOf(position)
  } catch (error) {
    throw refuse(400, Problem.from(error).message)
  }
}

type Answered = Readonly<{ decided: readonly Event[]; refusal: Readonly<{ error: unknown }> | null }>

async function answerOf<State>(decide: Decide<State>, state: State): Promise<Answered> {
  try {
    return { decided: await decide(state), refusal: null }
  } catch (error) {
    return { decided: [], refusal: { error } }
  }
}
