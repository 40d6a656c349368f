import { randomBytes, randomFillSync } from 'node:crypto'
import { Timed, since, wallClock } from '../clock.ts'
import type { Call } from '../call.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import type { ReplyClass } from '../events.ts'
import { Problem } from '../problem.ts'
import type { Incoming } from './broker.ts'
import { Register } from './register.ts'
import { Skews } from './skews.ts'
import type { Entry } from './register.ts'

/**
 * One call that waits for its reply, with its alarm. Requests extend it, so that a waiting call is a single object. The
 * correlator knows it from `expect` to `forget`.
 */
export abstract class Waiter extends Timed implements Entry<Waiter> {
  /** Travels with the command and comes back with its reply. It is secret, as whoever knows it can answer. */
  id = ''
  sequence = -1
  behind: Waiter | null = null
  /** When the broker acknowledged the command. */
  sentAt: Instant | null = null

  abstract readonly call: Call
  abstract take(reply: Incoming): void
  /** Called when the gateway stops, or an operator ends the wait. */
  abandon(_problem: Problem): void {}

  get worker(): string {
    return this.call.worker
  }
}

const secretBytes = 16 // 128 random bits
const drawAtOnce = 256

/**
 * Joins replies to the calls that wait for them: one inbox, one register. An id is
 * `<instance>.<incarnation>.<sequence>.<random bits>`, of letters, digits, `-` and `.`, which every framework hands back as
 * it came and none takes for a number. The bits of the latest ids are remembered, answered or not, so that every other
 * reply can be told apart: foreign, stale, duplicate, late or forged.
 */
export class Correlator {
  /** Whose clock differs from ours, as the replies show it. */
  readonly skews = new Skews()
  readonly #instance: string
  readonly #prefix: string
  readonly #waiting = new Register<Waiter>()
  readonly #memory: number
  readonly #secrets: Buffer // the secret of sequence s is at s modulo memory: drawn in place, never copied
  readonly #answered: Uint8Array
  #issued = 0

  constructor({ instance, memory = 65_536 }: Readonly<{ instance: string; memory?: number }>) {
    const incarnation = `${wallClock().toString(36)}${randomBytes(3).toString('hex')}`
    this.#instance = `${instance.replaceAll(/[^A-Za-z0-9-]/g, '-')}.`
    this.#prefix = `${this.#instance}${incarnation}.`
    this.#memory = Math.ceil(memory / drawAtOnce) * drawAtOnce
    this.#secrets = Buffer.alloc(this.#memory * secretBytes)
    this.#answered = new Uint8Array(this.#memory)
  }

  /** How many calls wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** The calls that wait, in no order. Who looks at them must not end one. */
  waiters(): Iterable<Waiter> {
    return this.#waiting.all()
  }

  /** To be called before publishing, as a reply can overtake the acknowledgement; `forget` must follow in the end. */
  expect(waiter: Waiter): void {
    const sequence = this.#issued++
    const slot = sequence % this.#memory
    if (slot % drawAtOnce === 0) randomFillSync(this.#secrets, slot * secretBytes, drawAtOnce * secretBytes)
    this.#answered[slot] = 0
    waiter.sequence = sequence
    waiter.id = `${this.#prefix}${sequence}.${this.#secret(slot)}`
    this.#waiting.add(waiter)
  }

  /** The call waits again, for a reply to any sending of its command. */
  renew(waiter: Waiter): void {
    this.#waiting.add(waiter)
  }

  /** The call no longer waits. May be called again, and after the reply. */
  forget(waiter: Waiter): void {
    this.#waiting.delete(waiter)
  }

  /** Whether an id names this instance. */
  issued(id: string): boolean {
    return id.startsWith(this.#instance)
  }

  /** Hands the reply to the call that waits for it, and returns its class. */
  settle(id: string | null, reply: Incoming): ReplyClass {
    const known = id === null ? 'unmarked' : this.#tell(id)
    if (typeof known === 'string') {
      if (events.reply.hasSubscribers) events.reply.publish({ class: known, worker: null, ms: null })
      return known
    }
    this.#waiting.delete(known)
    if (this.#remembers(known.sequence)) this.#answered[known.sequence % this.#memory] = 1
    this.skews.see(known.worker, reply, known.sentAt)
    if (events.reply.hasSubscribers)
      events.reply.publish({
        class: 'answered',
        worker: known.worker,
        ms: known.sentAt === null ? 0 : since(known.sentAt),
      })
    known.take(reply)
    return 'answered'
  }

  /** Ends every wait. Alarms left behind would keep the process alive until they ring. */
  abandon(): void {
    for (const waiter of this.#waiting.clear())
      waiter.abandon(
        waiter.sentAt === null
          ? new Problem('publish-timeout', 'The gateway stopped before the broker confirmed the command.')
          : new Problem('reply-timeout', 'The gateway stopped before the reply came.'),
      )
  }

  #tell(id: string): Waiter | ReplyClass {
    if (!id.startsWith(this.#prefix)) return id.startsWith(this.#instance) ? 'stale' : 'foreign'
    const dot = id.indexOf('.', this.#prefix.length)
    const sequence = Number(id.slice(this.#prefix.length, dot))
    const waiting = this.#waiting.get(sequence)
    if (waiting !== null) return waiting.id === id ? waiting : 'forged'
    if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence >= this.#issued) return 'forged'
    if (!this.#remembers(sequence)) return 'late' // too old to check its bits; it settles nothing either way
    const slot = sequence % this.#memory
    if (id.slice(dot + 1) !== this.#secret(slot)) return 'forged'
    return this.#answered[slot] === 1 ? 'duplicate' : 'late'
  }

  #remembers(sequence: number): boolean {
    // a chunk of secrets is drawn anew as a whole, so the oldest chunk is gone as soon as the newest is begun
    return sequence >= Math.ceil(this.#issued / drawAtOnce) * drawAtOnce - this.#memory
  }

  #secret(slot: number): string {
    return this.#secrets.toString('hex', slot * secretBytes, (slot + 1) * secretBytes)
  }
}
