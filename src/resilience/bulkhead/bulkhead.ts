import type { BulkheadOptions } from '../../../config/schema/index.ts'
import { ask } from '../../call.ts'
import type { Call, Policy, Service } from '../../call.ts'
import { after, since, until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { Allowance } from './allowance.ts'
import type { Place } from './cohorts.ts'
import type { Excused } from './limiter.ts'
import { Line } from './line.ts'
import { Occupancy } from './occupancy.ts'
import type { Partitions } from './partitions.ts'
import { refusal } from '../refusal.ts'
import type { Refuse } from '../refusal.ts'
import { Room } from './room.ts'
import { full, gaveWay } from './shed.ts'
import type { Shares } from './shares.ts'
import { Waiter } from './waiter.ts'
import type { Newcomer } from './waiter.ts'

const policy = 'bulkhead'
/** At most this share of the time that a call has left is spent in the queue. */
const patience = 0.1
/** What there is to know of a bulkhead at one moment, for people. */
export type BulkheadState = Readonly<{
  limit: number
  floorMs: number | null
  sampleMs: number | null
  inFlight: number
  waiting: ReturnType<Line['state']>
  shares: ReturnType<Shares['state']>
  fullestPartition: ReturnType<Partitions['fullest']>
}>

const never: Excused = () => false

/**
 * The slots of one worker, shared by its routes: at most `slots` commands in flight, or as many as the worker answers
 * without a queue in its topic, and a bounded queue here, where what matters most goes first and no client takes more than its
 * share. A slot is held until the service inside settles: at the reply or when the command expires, not when the client leaves.
 */
export class Bulkhead {
  readonly worker: string
  readonly #options: BulkheadOptions
  readonly #refuse: Refuse
  readonly #allowed: Allowance
  readonly #inside: Occupancy
  readonly #room: Room
  #line: Line

  /** `concluded`: whether somebody else draws the conclusion already when the worker is silent. */
  constructor(worker: string, options: BulkheadOptions, concluded = (): boolean => false) {
    this.worker = worker
    this.#options = options
    this.#refuse = refusal(policy, options.mode)
    this.#allowed = new Allowance(worker, options, concluded)
    this.#inside = new Occupancy(worker, options.partitionPercent)
    this.#room = new Room(options, this.#allowed, this.#inside)
    this.#line = this.#emptyLine()
  }

  get inFlight(): number {
    return this.#inside.inFlight
  }

  get waiting(): number {
    return this.#line.size
  }

  /** How many may be in flight at present. */
  get limit(): number {
    return this.#room.limit
  }

  /** Which window of the limit a call belongs to, if any: asked once it has its slot, told when it gives it back. */
  begin(): number | null {
    return this.#allowed.begin(this.#room.busy)
  }

  /** Of the worker's topic, once they are known; null: one partition may take all slots. */
  set partitions(count: number | null) {
    this.#inside.partitions.count = count
  }

  /** Percent of the slots that these routes are sure to get. To be said before the first call. */
  guarantee(shares: ReadonlyMap<string, number>): void {
    this.#inside.guarantee(shares)
    this.#line = this.#emptyLine()
  }

  snapshot(): BulkheadState {
    const { inFlight, shares, partitions } = this.#inside
    return {
      limit: this.limit,
      ...this.#allowed.times,
      inFlight,
      waiting: this.#line.state(),
      shares: shares.state(this.#allowed.steady),
      fullestPartition: partitions.fullest(),
    }
  }

  /**
   * Takes a slot: the place of the client when there is one at once, else a promise of it; it is given back with the slot.
   * The promise rejects with bulkhead-full, shed, or why the call ended: a throw would cost as much as all that led to it.
   */
  enter(call: Call): Place | Promise<Place> {
    const place = this.#inside.cohorts.placeOf(call.client)
    const problem = this.#room.refusalOf(call)
    if (problem === null && this.inFlight >= this.limit && this.#allowed.hurry()) this.#serve()
    const taken = this.inFlight >= this.limit
    if (problem === null && taken && this.#options.mode === 'enforce') return this.#wait(call, place)
    const found = problem ?? (taken ? this.#overflow(call) : null)
    const refused = found === null ? null : this.#refuse(call, found)
    if (refused !== null) return Promise.reject(refused)
    this.#inside.enter(call, place)
    return place
  }

  /** What a call says of the worker, if anything, before it gives its slot back. */
  learn(call: Call, phase: number | null, error: unknown, excused: Excused): void {
    const { started, partition } = call
    const unanswered = error instanceof Problem && error.code === 'reply-timeout'
    if (unanswered) this.#inside.hearing.lost(partition)
    this.#allowed.learn(call, phase, unanswered && !excused(started, partition), this.#room.busy, excused)
    if (error !== undefined || call.progress.accepted) return
    this.#inside.hearing.heard(partition, call.progress.workerMs)
    this.#allowed.heard()
  }

  /** Gives the slot back, or on to whoever is next. */
  leave(call: Call, place: Place): void {
    this.#inside.leave(call, place)
    this.#serve(this.#room.left())
    this.#room.served()
  }

  #emptyLine(): Line {
    const { cohorts, shares } = this.#inside
    return new Line(cohorts, shares, this.#allowed.adaptive)
  }

  /** Observed, no queue forms, so its places are taken in flight. */
  #overflow(call: Call): Problem | null {
    const { crowd } = this.#room
    return crowd.inFlight >= crowd.limit + crowd.places ? full(crowd) : this.#room.shed(call)
  }

  #wait(call: Call, place: Place): Promise<Place> {
    if (call.signal.aborted) return Promise.reject(call.signal.reason)
    const waitMs = Math.min(this.#options.maxWaitMs, until(call.deadline) * patience)
    if (waitMs <= 0) return Promise.reject(this.#refused(call, full(this.#room.crowd)))
    const newcomer = { call, place, line: this.#inside.shares.lineOf(call.route), patienceMs: waitMs }
    const shed = this.#inside.shares.owed(newcomer.line, this.#allowed.steady) ? null : this.#room.shed(call)
    this.#room.press()
    const crowd = this.#room.crowdFor(waitMs)
    const problem = shed ?? (crowd.waiting >= crowd.places ? full(crowd) : null)
    if (problem !== null && !this.#evicts(newcomer)) return Promise.reject(this.#refused(call, problem))
    const waiter = new Waiter(newcomer)
    waiter.alarm = after(waitMs, () => this.#give(waiter, this.#refused(call, full(this.#room.crowd))))
    waiter.gone = () => this.#give(waiter, call.signal.reason)
    call.signal.addEventListener('abort', waiter.gone)
    this.#line.add(waiter)
    this.#inside.queue(call, place)
    return waiter.slot.promise
  }

  /** Makes room for a newcomer: false when nobody in the queue has to give way, and it has nothing to wait for. */
  #evicts(newcomer: Newcomer): boolean {
    const victim = this.#line.victim(newcomer, this.#allowed.steady)
    if (victim === null) return this.#room.isOwed(newcomer)
    this.#give(victim, this.#refused(victim.call, gaveWay(newcomer.call.priority, this.#room.crowd)))
    return true
  }

  /** Ends a wait without a slot. */
  #give(waiter: Waiter, reason: unknown): void {
    this.#unqueue(waiter)
    waiter.slot.reject(reason)
  }

  #unqueue(waiter: Waiter): void {
    waiter.release()
    this.#line.remove(waiter)
    this.#inside.unqueue(waiter.call, waiter.place)
    if (this.#line.size === 0) this.#inside.cohorts.reseed()
  }

  #serve(upTo = this.limit): void {
    while (this.#line.size > 0 && this.inFlight < upTo) {
      const waiter = this.#line.next(this.#allowed.steady)
      if (waiter === null) return
      const { call, place } = waiter
      // after a stall of our own its alarm may be late: what nobody waits for is not begun
      const late = until(call.deadline) === 0
      const problem = late ? full(this.#room.crowd) : this.#room.unheardOf(call)
      if (problem !== null) {
        this.#give(waiter, this.#refused(call, problem))
        continue
      }
      this.#line.granting(waiter)
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

/** Takes a slot of the worker for each call. `excused` says when its silence may be our fault. Throws bulkhead-full, shed. */
export function bulkhead<Out>(slots: Bulkhead, excused: Excused = never): Policy<Call, Out> {
  const holding = (call: Call, place: Place, next: Service<Call, Out>): Promise<Out> => {
    const phase = slots.begin()
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
      const place = slots.enter(call)
      if (typeof place === 'number') return holding(call, place, next)
      // it may end between the grant and this line
      return place.then(place => holding(call, place, call.signal.aborted ? gone : next))
    }
}

const gone: Service<Call, never> = ({ signal }) => Promise.reject(signal.reason)
