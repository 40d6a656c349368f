import type { BulkheadOptions } from '../../config/schema.ts'
import type { Call, Policy } from '../call.ts'
import { after, now, since, until } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import { events } from '../events.ts'
import type { Happenings } from '../events.ts'
import { Problem } from '../problem.ts'
import { refusal, soon } from './refusal.ts'
import type { Refuse } from './refusal.ts'
import { Limiter } from './limiter.ts'
import type { Excused } from './limiter.ts'

const policy = 'bulkhead'
/** At most this share of the time that a call has left is spent in the queue. */
const patience = 0.1

type Move = Happenings['occupied']

/** A call in the queue. Links rather than an array: leaving from the middle costs the same at any length. */
class Waiter {
  before: Waiter = this
  next: Waiter = this
  readonly call: Call | null // null: the head of the queue
  readonly since = now()
  readonly slot = Promise.withResolvers<void>()
  readonly gone = (): void => this.refused(this.call?.signal.reason)
  readonly left: () => void
  alarm: Alarm | undefined

  constructor(call: Call | null, left: () => void) {
    this.call = call
    this.left = left
  }

  refused(reason: unknown): void {
    this.leave()
    this.slot.reject(reason)
  }

  leave(): void {
    this.before.next = this.next
    this.next.before = this.before
    this.alarm?.cancel()
    this.call?.signal.removeEventListener('abort', this.gone)
    this.left()
  }
}

const never: Excused = () => false

/**
 * The slots of one worker, shared by its routes: at most `slots` commands in flight, or as many as the worker answers
 * without a queue, and a bounded queue in the order of arrival. A slot is held until the service inside settles: at the
 * reply or when the command expires, not when the client leaves.
 */
export class Bulkhead {
  readonly worker: string
  readonly #options: BulkheadOptions
  readonly #refuse: Refuse
  readonly #limiter: Limiter | null // null: a fixed limit
  readonly #queue = new Waiter(null, () => {})
  readonly #moves: Readonly<Record<'entered' | 'left' | 'queued' | 'unqueued', Move>> // made once, told twice a call
  #inFlight = 0
  #waiting = 0

  constructor(worker: string, options: BulkheadOptions) {
    this.worker = worker
    this.#options = options
    this.#refuse = refusal(policy, options.mode)
    const { limit, slots, min, slackMs } = options
    this.#limiter = limit === 'fixed' ? null : new Limiter({ min: Math.min(min, slots), max: slots, slackMs })
    this.#moves = {
      entered: { worker, inFlight: 1, waiting: 0 },
      left: { worker, inFlight: -1, waiting: 0 },
      queued: { worker, inFlight: 0, waiting: 1 },
      unqueued: { worker, inFlight: 0, waiting: -1 },
    }
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#waiting
  }

  /** How many may be in flight at present. */
  get limit(): number {
    return this.#limiter === null ? this.#options.slots : this.#limiter.limit
  }

  /** Which window of the limit a call begins in: taken once it has its slot, given back with it. */
  get phase(): number {
    return this.#limiter === null ? 0 : this.#limiter.phase
  }

  /** Takes a slot: null when there is one at once, else a promise of it. Throws bulkhead-full, or why the call ended. */
  enter(call: Call): Promise<void> | null {
    if (this.#inFlight >= this.limit) {
      this.#limiter?.hurry()
      if (this.#options.mode === 'enforce') return this.#wait(call)
      // observed: no queue forms, so its places are taken in flight
      if (this.#inFlight >= this.limit + this.#options.queue) this.#refuse(call, this.#full())
    }
    this.#inFlight++
    this.#tell(this.#moves.entered)
    return null
  }

  /** What a call says of the worker, if anything, before it gives its slot back. */
  learn(call: Call, phase: number, error: unknown, excused: Excused): void {
    const limiter = this.#limiter
    if (limiter === null) return
    const { progress, started } = call
    // no time: it was refused further in, or the reply overtook the acknowledgement
    if (progress.workerMs > 0) {
      if (limiter.reply(progress.workerMs, phase, this.#inFlight, excused)) this.#tellLimit(limiter)
    } else if (error instanceof Problem && error.code === 'reply-timeout' && !excused(started)) {
      const waitedMs = since(started) - progress.queueMs - progress.publishMs
      if (limiter.timeout(waitedMs, this.#inFlight, excused)) this.#tellLimit(limiter)
    }
  }

  /** Gives the slot back, or on to the first in the queue. */
  leave(): void {
    this.#inFlight--
    this.#tell(this.#moves.left)
    while (this.#inFlight < this.limit && this.#waiting > 0) this.#grant(this.#queue.next)
  }

  #wait(call: Call): Promise<void> {
    if (call.signal.aborted) throw call.signal.reason
    const waitMs = Math.min(this.#options.maxWaitMs, until(call.deadline) * patience)
    if (this.#waiting >= this.#options.queue || waitMs <= 0) throw this.#refused(call)
    const waiter = new Waiter(call, () => {
      this.#waiting--
      this.#tell(this.#moves.unqueued)
    })
    waiter.alarm = after(waitMs, () => waiter.refused(this.#refused(call)))
    call.signal.addEventListener('abort', waiter.gone)
    waiter.before = this.#queue.before
    waiter.next = this.#queue
    waiter.before.next = this.#queue.before = waiter
    this.#waiting++
    this.#tell(this.#moves.queued)
    return waiter.slot.promise
  }

  #grant(waiter: Waiter): void {
    const { call } = waiter
    if (call === null) return
    // after a stall of our own its alarm may be late: what nobody waits for is not begun
    if (until(call.deadline) === 0) return waiter.refused(this.#refused(call))
    waiter.leave()
    this.#inFlight++
    this.#tell(this.#moves.entered)
    call.progress.queueMs += since(waiter.since)
    waiter.slot.resolve()
  }

  #refused(call: Call): Problem {
    const problem = this.#full()
    return this.#refuse(call, problem) ?? problem
  }

  #full(): Problem {
    const { queue } = this.#options
    const detail = `${this.#inFlight} commands in flight (at most ${this.limit}), ${this.#waiting} waiting (at most ${queue}).`
    return new Problem('bulkhead-full', detail, { retryAfterMs: soon(), policy })
  }

  #tellLimit({ steady, floorMs, sampleMs }: Limiter): void {
    if (!events.limited.hasSubscribers) return
    events.limited.publish({ worker: this.worker, limit: steady, floorMs, sampleMs })
  }

  #tell(move: Move): void {
    if (events.occupied.hasSubscribers) events.occupied.publish(move)
  }
}

/** Takes a slot of the worker for each call. `excused` says when its silence may be our fault. Throws bulkhead-full. */
export const bulkhead =
  <Out>(slots: Bulkhead, excused: Excused = never): Policy<Call, Out> =>
  next =>
    async function bulkhead(call) {
      const waiting = slots.enter(call)
      if (waiting !== null) await waiting
      const { phase } = slots
      let failure: unknown
      try {
        if (waiting !== null && call.signal.aborted) throw call.signal.reason // between the grant and this line
        return await next(call)
      } catch (error) {
        failure = error
        throw error
      } finally {
        slots.learn(call, phase, failure, excused)
        slots.leave()
      }
    }
