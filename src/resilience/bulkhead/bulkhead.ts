import type { BulkheadOptions } from '../../../config/schema/index.ts'
import { ask, partyOf } from '../../call.ts'
import type { Call, Policy, Service } from '../../call.ts'
import { after, since, until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { ConcurrencyLimit } from './concurrency.ts'
import type { Place } from './cohorts.ts'
import type { Excused } from './gradient.ts'
import { PriorityQueue } from './priorityqueue.ts'
import { InFlight } from './inflight.ts'
import type { Partitions } from './partitions.ts'
import { refusal } from '../refusal.ts'
import type { Refuse } from '../refusal.ts'
import { Admission } from './admission.ts'
import { full, gaveWay } from './shed.ts'
import type { Shares } from './shares.ts'
import { Waiter } from './waiter.ts'
import type { Newcomer } from './waiter.ts'

const policy = 'bulkhead'
/** At most this share of the time that a call has left is spent in the queue. */
const patience = 0.1
/** Slots run short before it is noticed that leaders move. */
const noticedMs = 1_000
/** What there is to know of a bulkhead at one moment, for people. */
export type BulkheadState = Readonly<{
  limit: number
  floorMs: number | null
  sampleMs: number | null
  inFlight: number
  waiting: ReturnType<PriorityQueue['state']>
  shares: ReturnType<Shares['state']>
  fullestPartition: ReturnType<Partitions['fullest']>
}>

const never = (): boolean => false

/**
 * The slots of one worker, shared by its routes, and a bounded queue for them. A slot is held until the service inside settles:
 * at the reply or when the command expires, not when the client leaves.
 *
 * How many slots there are: `slots`, or what the gradient of the reply times allows (`ConcurrencyLimit`).
 *
 * Who gets the next slot (`PriorityQueue`): a route that has less than its guaranteed share; else the class that matters most;
 * in it the client that has least in flight, and of its calls the oldest, or under overload the newest (`FairQueue`).
 *
 * Why a call is refused, in this order (`Admission`):
 * 1. Its partition is silent, or has more than its share while others want the slots.
 * 2. It would have to wait, and calls of its class are shed by chance, as too many are inside already.
 * 3. It would have to wait, and more are waiting than will be served soon. A call that matters more, or whose client has clearly less,
 *    takes the place of one that waits.
 * 4. It has waited for `maxWaitMs`, or for a tenth of the time that it had left.
 * None of this while leaders move, which holds replies up: then all slots are open, unless they were short before.
 */
export class Bulkhead {
  readonly worker: string
  readonly #options: BulkheadOptions
  readonly #refuse: Refuse
  readonly #concurrency: ConcurrencyLimit
  readonly #inside: InFlight
  readonly #admission: Admission
  #queue: PriorityQueue
  #lent: number | null = null // slots that are open while leaders move

  /** `concluded`: whether somebody else draws the conclusion already when the worker is silent. */
  constructor(worker: string, options: BulkheadOptions, concluded = (): boolean => false) {
    this.worker = worker
    this.#options = options
    this.#refuse = refusal(policy, options.mode)
    this.#concurrency = new ConcurrencyLimit(worker, options, concluded)
    this.#inside = new InFlight(worker, options.partitionPercent)
    this.#admission = new Admission(options, this.#concurrency, this.#inside)
    this.#queue = this.#emptyQueue()
  }

  get inFlight(): number {
    return this.#inside.inFlight
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** The calls that wait for a slot, in no order. */
  queued(): Iterable<Call> {
    return this.#queue.calls()
  }

  /** How many may be in flight at present. */
  get limit(): number {
    return this.#admission.limit
  }

  /** Which window of the limit a call belongs to, if any: asked once it has its slot, told when it gives it back. */
  begin(partition = 0): number | null {
    return this.#concurrency.begin(this.#admission.busy, partition, this.#inside.partitions.sampled)
  }

  /** Of the worker's topic, once they are known; null: one partition may take all slots. */
  get partitions(): number | null {
    return this.#inside.partitions.count
  }

  set partitions(count: number | null) {
    this.#inside.partitions.count = count
  }

  /** Percent of the slots that these routes are sure to get. To be said before the first call. */
  guarantee(shares: ReadonlyMap<string, number>): void {
    this.#inside.guarantee(shares)
    this.#queue = this.#emptyQueue()
  }

  snapshot(): BulkheadState {
    const { inFlight, shares, partitions } = this.#inside
    return {
      limit: this.limit,
      ...this.#concurrency.times,
      inFlight,
      waiting: this.#queue.state(),
      shares: shares.state(this.#concurrency.steady),
      fullestPartition: partitions.fullest(),
    }
  }

  /**
   * Takes a slot: the place of the client when there is one at once, else a promise of it; it is given back with the slot.
   * The promise rejects with bulkhead-full, shed, or why the call ended: a throw would cost as much as all that led to it.
   */
  enter(call: Call, moving: () => boolean = never): Place | Promise<Place> {
    const place = this.#inside.cohorts.placeOf(partyOf(call))
    const against = this.#admission.refusalOf(call)
    if (against === null && this.inFlight >= this.limit && this.#concurrency.hurry()) this.#serve()
    const isFull = this.inFlight >= this.limit
    const lent = (against !== null || isFull) && this.#lends(moving)
    const problem = lent ? null : against
    const taken = isFull && !lent
    if (problem === null && taken && this.#options.mode === 'enforce') return this.#wait(call, place)
    const found = problem ?? (taken ? this.#overflow(call, place) : null)
    const refused = found === null ? null : this.#refuse(call, found)
    if (refused !== null) return Promise.reject(refused)
    this.#inside.enter(call, place)
    return place
  }

  /** What a call says of the worker, if anything, before it gives its slot back. */
  learn(call: Call, phase: number | null, error: unknown, excused: Excused): void {
    const { started, partition } = call
    const unanswered = error instanceof Problem && error.code === 'reply-timeout'
    if (unanswered) this.#inside.answers.lost(partition)
    this.#concurrency.learn(call, phase, unanswered && !excused(started, partition), this.#admission.busy, excused)
    if (error !== undefined || call.progress.accepted) return
    this.#inside.answers.heard(partition, call.progress.workerMs)
    this.#concurrency.heard()
  }

  /** Gives the slot back, or on to whoever is next. */
  leave(call: Call, place: Place): void {
    this.#inside.leave(call, place)
    this.#serve(this.#admission.left())
    this.#admission.served()
  }

  #emptyQueue(): PriorityQueue {
    const { cohorts, shares } = this.#inside
    return new PriorityQueue(cohorts, shares, this.#concurrency.adaptive)
  }

  /**
   * Whether a slot is open to a call as leaders move, which holds replies up: what is in flight is no queue of the worker then, and all
   * slots are open; where they were short before, those that the worker was judged good for.
   */
  #lends(moving: () => boolean): boolean {
    if (!moving()) this.#lent = null
    else this.#lent ??= this.#admission.shortFor(noticedMs) ? this.#concurrency.judged : this.#options.slots
    return this.#lent !== null && this.inFlight < this.#lent
  }

  /** Observed, no queue forms, so its places are taken in flight. */
  #overflow(call: Call, place: Place): Problem | null {
    const { capacity } = this.#admission
    return capacity.inFlight >= capacity.limit + capacity.places ? full(capacity) : this.#admission.shed(call, place)
  }

  #wait(call: Call, place: Place): Promise<Place> {
    if (call.signal.aborted) return Promise.reject(call.signal.reason)
    const waitMs = Math.min(this.#options.maxWaitMs, until(call.deadline) * patience)
    if (waitMs <= 0) return Promise.reject(this.#refused(call, full(this.#admission.capacity)))
    const newcomer = { call, place, share: this.#inside.shares.shareOf(call), patienceMs: waitMs }
    const shed = this.#inside.shares.owed(newcomer.share, this.#concurrency.steady)
      ? null
      : this.#admission.shed(call, place)
    this.#admission.press()
    const capacity = this.#admission.capacityFor(newcomer)
    const problem = shed ?? (capacity.waiting >= capacity.places ? full(capacity) : null)
    if (problem !== null && !this.#evicts(newcomer)) return Promise.reject(this.#refused(call, problem))
    const waiter = new Waiter(newcomer)
    waiter.alarm = after(waitMs, () => this.#give(waiter, this.#refused(call, full(this.#admission.capacity))))
    waiter.gone = () => this.#give(waiter, call.signal.reason)
    call.signal.addEventListener('abort', waiter.gone)
    this.#queue.add(waiter)
    this.#inside.queue(call, place)
    return waiter.slot.promise
  }

  /** Makes room for a newcomer: false when nobody in the queue has to give way, and it has nothing to wait for. */
  #evicts(newcomer: Newcomer): boolean {
    const victim = this.#queue.victim(newcomer, this.#concurrency.steady)
    if (victim === null) return this.#admission.isOwed(newcomer)
    this.#give(victim, this.#refused(victim.call, gaveWay(newcomer.call.priority, this.#admission.capacity)))
    return true
  }

  /** Ends a wait without a slot. */
  #give(waiter: Waiter, reason: unknown): void {
    this.#unqueue(waiter)
    waiter.slot.reject(reason)
  }

  #unqueue(waiter: Waiter): void {
    waiter.release()
    this.#queue.remove(waiter)
    this.#inside.unqueue(waiter.call, waiter.place)
    if (this.#queue.size === 0) this.#inside.cohorts.reseed()
  }

  #serve(upTo = this.limit): void {
    while (this.#queue.size > 0 && this.inFlight < upTo) {
      const waiter = this.#queue.next(this.#concurrency.steady)
      if (waiter === null) return
      const { call, place } = waiter
      // after a stall of our own its alarm may be late: what nobody waits for is not begun
      const late = until(call.deadline) === 0
      const problem = late ? full(this.#admission.capacity) : this.#admission.silenceOf(call)
      if (problem !== null) {
        this.#give(waiter, this.#refused(call, problem))
        continue
      }
      this.#queue.granting(waiter)
      this.#unqueue(waiter)
      this.#inside.enter(call, place)
      call.progress.queueMs += since(waiter.since)
      waiter.slot.resolve(place)
    }
  }

  #refused(call: Call, problem: Problem): Problem {
    return this.#refuse(call, problem) ?? problem
  }
}

/**
 * Takes a slot of the worker for each call. `excused` says when its silence may be our fault, `moving` whether leaders move. Throws
 * bulkhead-full, shed.
 */
export function bulkhead<Out>(
  slots: Bulkhead,
  excused: Excused = never,
  moving: () => boolean = never,
): Policy<Call, Out> {
  const holding = (call: Call, place: Place, next: Service<Call, Out>): Promise<Out> => {
    const phase = slots.begin(call.partition)
    return ask(next, call).then(
      result => {
        slots.learn(call, phase, undefined, excused)
        slots.leave(call, place)
        return result
      },
      (error: unknown) => {
        slots.learn(call, phase, error, excused)
        slots.leave(call, place)
        throw error
      },
    )
  }
  return next =>
    function bulkhead(call) {
      const place = slots.enter(call, moving)
      if (typeof place === 'number') return holding(call, place, next)
      // it may end between the grant and this line
      return place.then(place => holding(call, place, call.signal.aborted ? gone : next))
    }
}

const gone: Service<Call, never> = ({ signal }) => Promise.reject(signal.reason)
