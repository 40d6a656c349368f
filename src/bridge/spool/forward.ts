import { Aborter } from '../../aborter.ts'
import type { Service } from '../../call.ts'
import { later, pause, until, wallClock } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { ProblemCode } from '../../problem.ts'
import type { Acknowledged, Broker, Outgoing } from '../broker.ts'
import { refusalOf, sendingsOf } from './sendings.ts'
import type { Operating, Sending } from './sendings.ts'
import type { Spool } from './spool.ts'
import type { Row } from './table.ts'

export type ForwardParts = Readonly<{
  broker: Pick<Broker, 'state' | 'partitionFor'>
  publish: Service<Outgoing, Acknowledged>
  /** Resolves when so many may be forwarded. */
  pace: (records: number) => Promise<void>
  /** Of the commands that wait; none where it is not known, as without a gateway. */
  operating?: Operating | null
}>

/** The record's own fault: no later attempt can succeed. */
const final: ReadonlySet<ProblemCode> = new Set(['too-large'])
const atOnce = 500
const lookMs = 100
const againMs = 1_000

/** Forwards what waits in the spool, oldest first and in order for each key, for as long as it is not disposed of. */
export class Forwarder implements AsyncDisposable {
  readonly #spool: Spool
  readonly #parts: ForwardParts
  readonly #closing = new Aborter()
  readonly #avoided = new Map<string, Instant>() // topics that could not be written to, until they are tried again
  readonly #running: Promise<void>
  #forwarded = 0

  constructor(spool: Spool, parts: ForwardParts) {
    this.#spool = spool
    this.#parts = parts
    this.#running = this.#run()
  }

  /** Since it was made. */
  get forwarded(): number {
    return this.#forwarded
  }

  async #run(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#closing.addEventListener('abort', resolve))
    while (!this.#closing.aborted) {
      await Promise.race([this.#spool.some(), closed])
      if (this.#closing.aborted) return
      try {
        if (!(await this.#round())) await pause(lookMs, this.#closing.signal)
      } catch (cause) {
        events.warning.publish({ what: 'The spool could not be forwarded.', cause })
        await pause(againMs, this.#closing.signal) // a disk that fails is told of once a second, not ten times
      }
    }
  }

  /** Whether anything was forwarded. */
  async #round(): Promise<boolean> {
    const { broker, pace } = this.#parts
    if (broker.state !== 'ready') return false
    for (const [topic, again] of this.#avoided) if (until(again) === 0) this.#avoided.delete(topic)
    const rows = await this.#spool.next(atOnce, [...this.#avoided.keys()])
    if (rows.length === 0) return false
    await pace(rows.length)
    const done = await Promise.all(chains(rows).map(chain => this.#chain(chain)))
    const forwarded = done.flat()
    if (forwarded.length > 0) await this.#spool.forwarded(forwarded)
    this.#forwarded += forwarded.length
    if (events.spooled.hasSubscribers) events.spooled.publish({ forwarded: forwarded.length })
    return forwarded.length > 0
  }

  /** One after the other; those that are in their topic. */
  async #chain(rows: readonly Row[]): Promise<readonly Row[]> {
    const done: Row[] = []
    for (const row of rows) {
      if (this.#closing.aborted) break
      try {
        await this.#publish(sendingsOf(row, wallClock(), this.#parts.operating ?? null))
        done.push(row)
      } catch (error) {
        const problem = Problem.from(error)
        if (!final.has(problem.code)) {
          this.#avoided.set(row.topic, later(againMs))
          break
        }
        await this.#publish(refusalOf(row, problem, wallClock())).catch(() => {}) // it expires, else
        await this.#spool.reject(row, problem.message)
      }
    }
    return done
  }

  async #publish(sendings: readonly Sending[]): Promise<void> {
    const { broker, publish } = this.#parts
    for (const { place, ...record } of sendings)
      await publish({
        ...record,
        partition: broker.partitionFor(record.topic, place),
        signal: this.#closing.signal,
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Problem('draining', 'The gateway stops.'))
    await this.#running
  }
}

/** Rows of one key in their order; one without a key is alone. */
function chains(rows: readonly Row[]): readonly (readonly Row[])[] {
  const all = new Map<string, Row[]>()
  for (const row of rows) {
    const name = row.key === null ? String(row.seq) : `${row.topic} ${Buffer.from(row.key).toString('base64')}`
    const chain = all.get(name)
    if (chain === undefined) all.set(name, [row])
    else chain.push(row)
  }
  return [...all.values()]
}
