import type { BulkheadOptions } from '../../config/schema.ts'
import { ask } from '../call.ts'
import type { Call, Policy, Service } from '../call.ts'
import { after, since, until } from '../clock.ts'
import { Problem } from '../problem.ts'
import { Allowance } from './allowance.ts'
import type { Place } from './cohorts.ts'
import type { Excused } from './limiter.ts'
import { Line } from './line.ts'
import { Occupancy } from './occupancy.ts'
import type { Partitions } from './partitions.ts'
import { refusal } from './refusal.ts'
import type { Refuse } from './refusal.ts'
import { crowded, full, gaveWay, shedByChance, unheard } from './shed.ts'
import type { Crowd } from './shed.ts'
import type { Shares } from './shares.ts'
import { Turnover } from './turnover.ts'
import { Waiter } from './waiter.ts'

const policy = 'bulkhead'
/** At most this share of the time that a call has left is spent in the queue. */
const patience = 0.1
/**
 * While slots are short for longer, only so many wait as are served in this share of their patience: a standing queue serves
 * nobody better, and all later.
 */
const standing = 0.2
/** With this share of it, where one client has too many of the slots: they come to the others first. */
const owed = 0.6
/** A partition that answers nothing for so many times what replies usually take is silent. */
const quiet = 4
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
  readonly #turnover = new Turnover()
  #line: Line

  /** `concluded`: whether somebody else draws the conclusion already when the worker is silent. */
  constructor(worker: string, options: BulkheadOptions, concluded = (): boolean => false) {
    this.worker = worker
    this.#options = options
    this.#refuse = refusal(policy, options.mode)
    this.#allowed = new Allowance(worker, options, concluded)
    this.#inside = new Occupancy(worker, options.partitionPercent)
    this.#line = this.#emptyLine()
  }

  get inFlight(): number {
    return this.#inside.inFlight
  }

  get waiting(): number {
    return this.#line.size
  }

  /** How many may be in flight at present. What a silent partition holds takes no slot of an adaptive limit: it keeps nobody busy. */
  get limit(): number {
    const { limit, adaptive } = this.#allowed
    return adaptive && this.inFlight >= limit ? Math.min(this.#options.slots, limit + this.#unheard) : limit
  }

  /** Which window of the limit a call belongs to, if any: asked once it has its slot, told when it gives it back. */
  begin(): number | null {
    return this.#allowed.begin(this.#busy)
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
   * Throws bulkhead-full, shed, or why the call ended.
   */
  enter(call: Call): Place | Promise<Place> {
    const place = this.#inside.cohorts.placeOf(call.client)
    const problem = this.#unheardOf(call) ?? this.#crowded(call)
    if (problem === null && this.inFlight >= this.limit && this.#allowed.hurry()) this.#serve()
    if (problem !== null) this.#reject(call, problem)
    else if (this.inFlight >= this.limit) {
      if (this.#options.mode === 'enforce') return this.#wait(call, place)
      // observed: no queue forms, so its places are taken in flight
      const { inFlight, limit, places } = this.#crowd
      const problem = inFlight >= limit + places ? full(this.#crowd) : this.#shed(call)
      if (problem !== null) this.#reject(call, problem)
    }
    this.#inside.enter(call, place)
    return place
  }

  /** What a call says of the worker, if anything, before it gives its slot back. */
  learn(call: Call, phase: number | null, error: unknown, excused: Excused): void {
    const { started, partition } = call
    const unanswered = error instanceof Problem && error.code === 'reply-timeout'
    if (unanswered) this.#inside.hearing.lost(partition)
    this.#allowed.learn(call, phase, unanswered && !excused(started, partition), this.#busy, excused)
    if (error !== undefined) return
    this.#inside.hearing.heard(partition)
    this.#allowed.heard()
  }

  /** Gives the slot back, or on to whoever is next. */
  leave(call: Call, place: Place): void {
    this.#inside.leave(call, place)
    const unheard = this.#unheard
    const upTo = Math.min(this.#options.slots, this.#allowed.left(this.inFlight - unheard) + unheard)
    if (this.inFlight < upTo) this.#turnover.free()
    this.#serve(upTo)
    if (this.inFlight < this.limit) this.#turnover.ease()
  }

  get #crowd(): Crowd {
    const { limit } = this
    // slots that are closed for the moment, by a probe or as nobody has used them, are places
    const places = this.#options.queue + this.#allowed.judged - limit
    return { inFlight: this.inFlight, limit, waiting: this.#line.size, places }
  }

  #emptyLine(): Line {
    const { cohorts, shares } = this.#inside
    return new Line(cohorts, shares, this.#allowed.adaptive)
  }

  #wait(call: Call, place: Place): Promise<Place> {
    if (call.signal.aborted) throw call.signal.reason
    const waitMs = Math.min(this.#options.maxWaitMs, until(call.deadline) * patience)
    if (waitMs <= 0) throw this.#refused(call, full(this.#crowd))
    const waiter = new Waiter(call, place, this.#inside.shares.lineOf(call.route), waitMs)
    const shed = this.#inside.shares.owed(waiter.line, this.#allowed.steady) ? null : this.#shed(call)
    this.#turnover.press(this.#options.maxWaitMs)
    const crowd = this.#crowdFor(waitMs * standing)
    if (shed !== null) this.#evict(waiter, shed)
    else if (crowd.waiting >= crowd.places) this.#evict(waiter, full(crowd))
    waiter.alarm = after(waitMs, () => this.#give(waiter, this.#refused(call, full(this.#crowd))))
    waiter.gone = () => this.#give(waiter, call.signal.reason)
    call.signal.addEventListener('abort', waiter.gone)
    this.#line.add(waiter)
    this.#inside.queue(call, place)
    return waiter.slot.promise
  }

  /** No more places than slots will come free while one waits: who waits for nothing is refused too late. */
  #crowdFor(waitMs: number): Crowd {
    const crowd = this.#crowd
    const servedSoon = Math.floor(this.#turnover.within(waitMs, this.#knownAfterMs))
    return servedSoon < crowd.places ? { ...crowd, places: servedSoon } : crowd
  }

  /** When slots have been short for so long it is no burst, and known how fast they come free. */
  get #knownAfterMs(): number {
    return Math.max(this.#options.maxWaitMs, 2 * (this.#allowed.times.sampleMs ?? 0))
  }

  /** Makes room for a newcomer. Throws the problem when nobody in the queue has to give way. */
  #evict(newcomer: Waiter, problem: Problem): void {
    const { call } = newcomer
    const victim = this.#line.victim(newcomer, this.#allowed.steady)
    if (victim !== null) this.#give(victim, this.#refused(victim.call, gaveWay(call.priority, this.#crowd)))
    else if (!this.#isOwed(newcomer)) throw this.#refused(call, problem)
  }

  /** What another client has too much of comes to this one first: it may wait for it with all of its patience. */
  #isOwed({ place, patienceMs }: Waiter): boolean {
    if (!this.#inside.cohorts.isHogged(place)) return false
    const { waiting, places } = this.#crowdFor(patienceMs * owed)
    return waiting < places
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
      const problem = this.#unheardOf(call)
      if (problem !== null) {
        this.#give(waiter, this.#refused(call, problem))
        continue
      }
      // after a stall of our own its alarm may be late: what nobody waits for is not begun
      if (until(call.deadline) === 0) {
        this.#give(waiter, this.#refused(call, full(this.#crowd)))
        continue
      }
      this.#line.granting(waiter)
      this.#unqueue(waiter)
      this.#inside.enter(call, place)
      call.progress.queueMs += since(waiter.since)
      waiter.slot.resolve(place)
    }
  }

  #reject(call: Call, problem: Problem): void {
    const refused = this.#refuse(call, problem)
    if (refused !== null) throw refused
  }

  #refused(call: Call, problem: Problem): Problem {
    return this.#refuse(call, problem) ?? problem
  }

  /** In flight, without what silent partitions hold. */
  get #busy(): number {
    return this.inFlight - this.#unheard
  }

  get #unheard(): number {
    return this.#allowed.adaptive ? this.#inside.hearing.held(this.#silentAfterMs) : 0
  }

  get #silentAfterMs(): number {
    return Math.max(this.#options.maxWaitMs, quiet * (this.#allowed.times.sampleMs ?? 0))
  }

  #unheardOf({ partition }: Call): Problem | null {
    const { partitions, hearing } = this.#inside
    const silent = this.inFlight >= this.#allowed.limit && hearing.silent(partition, this.#silentAfterMs)
    return silent ? unheard(partition, partitions.inFlight(partition)) : null
  }

  #crowded({ partition }: Call): Problem | null {
    const { partitions } = this.#inside
    const cap = partitions.cap(this.#allowed.judged)
    const most = this.#turnover.short(this.#knownAfterMs)
      ? Math.min(cap, partitions.share(this.inFlight + this.#line.size))
      : cap
    const held = partitions.held(partition)
    return held < most ? null : crowded(partition, held, most)
  }

  /** With an adaptive limit the queue is as long as the limit is good for, and full by degrees. */
  #shed({ priority }: Call): Problem | null {
    const { adaptive, judged } = this.#allowed
    return adaptive ? shedByChance(priority, this.inFlight + this.#line.size, judged) : null
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
      try {
        const place = slots.enter(call)
        if (typeof place === 'number') return holding(call, place, next)
        // it may end between the grant and this line
        return place.then(place => holding(call, place, call.signal.aborted ? gone : next))
      } catch (error) {
        return Promise.reject(error)
      }
    }
}

const gone: Service<Call, never> = ({ signal }) => Promise.reject(signal.reason)
