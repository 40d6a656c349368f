import type { BulkheadOptions } from '../../../config/schema/index.ts'
import type { Call } from '../../call.ts'
import type { Problem } from '../../problem.ts'
import type { Allowance } from './allowance.ts'
import type { Occupancy } from './occupancy.ts'
import { crowded, shedByChance, unheard } from './shed.ts'
import type { Crowd } from './shed.ts'
import { Turnover } from './turnover.ts'
import type { Newcomer } from './waiter.ts'

/**
 * While slots are short for longer, only so many wait as are served in this share of their patience: a standing queue serves
 * nobody better, and all later.
 */
const standing = 0.2
/** Where one client has too many of the slots, which come to the others first, those may wait in this share of it. */
const owed = 0.6
/** A partition that answers nothing for so many times what replies usually take is silent. */
const quiet = 4

type Options = Pick<BulkheadOptions, 'slots' | 'queue' | 'maxWaitMs'>

/** What room a bulkhead has: slots, places in the queue behind them, and what of both one partition may have. */
export class Room {
  readonly #options: Options
  readonly #allowed: Allowance
  readonly #inside: Occupancy
  readonly #turnover = new Turnover()

  constructor(options: Options, allowed: Allowance, inside: Occupancy) {
    this.#options = options
    this.#allowed = allowed
    this.#inside = inside
  }

  /** How many may be in flight at present. What a silent partition holds takes no slot of an adaptive limit: it keeps nobody busy. */
  get limit(): number {
    const { limit, adaptive } = this.#allowed
    return adaptive && this.#inside.inFlight >= limit ? this.#atMost(limit + this.#unheard) : limit
  }

  /** In flight, without what silent partitions hold. */
  get busy(): number {
    return this.#inside.inFlight - this.#unheard
  }

  get crowd(): Crowd {
    const { limit } = this
    const { inFlight, waiting } = this.#inside
    // slots that are closed for the moment, by a probe or as nobody has used them, are places
    const places = this.#options.queue + this.#allowed.judged - limit
    return { inFlight, limit, waiting, places }
  }

  /** For who would wait so long: no more places than slots will come free soon, as who waits for nothing is refused too late. */
  crowdFor(waitMs: number): Crowd {
    return this.#servedWithin(waitMs * standing)
  }

  /** Whether this one may wait nevertheless: another client has too much, and what it gives back comes to this one first. */
  isOwed({ place, patienceMs }: Newcomer): boolean {
    if (!this.#inside.cohorts.isHogged(place)) return false
    const { waiting, places } = this.#servedWithin(patienceMs * owed)
    return waiting < places
  }

  /** Somebody has found all slots taken. */
  press(): void {
    this.#turnover.press(this.#options.maxWaitMs)
  }

  /** A slot was given back. How many may be in flight now, those included who are let in on the way down to a lower limit. */
  left(): number {
    const unheard = this.#unheard
    const upTo = this.#atMost(this.#allowed.left(this.#inside.inFlight - unheard) + unheard)
    if (this.#inside.inFlight < upTo) this.#turnover.free()
    return upTo
  }

  /** Whoever waited for a slot that was given back has got it. */
  served(): void {
    if (this.#inside.inFlight < this.limit) this.#turnover.ease()
  }

  /** Why there is no room for a call, neither slot nor place, whoever else is there: its partition has too much, or is silent. */
  refusalOf(call: Call): Problem | null {
    return this.unheardOf(call) ?? this.#crowded(call)
  }

  unheardOf({ partition }: Call): Problem | null {
    const { adaptive, limit } = this.#allowed
    const { inFlight, partitions, hearing } = this.#inside
    const silent = adaptive && inFlight >= limit && hearing.silent(partition, this.#silentAfterMs)
    return silent ? unheard(partition, partitions.inFlight(partition)) : null
  }

  /** With an adaptive limit the queue is as long as the limit is good for, and full by degrees. */
  shed({ priority }: Call): Problem | null {
    const { adaptive, judged } = this.#allowed
    return adaptive ? shedByChance(priority, this.#inside.size, judged) : null
  }

  #crowded({ partition }: Call): Problem | null {
    const { partitions, hearing, size } = this.#inside
    const held = partitions.held(partition)
    const cap = partitions.cap(this.#allowed.judged)
    const share = Math.min(cap, partitions.share(size))
    if (held < share) return null
    if (held >= cap && hearing.mute(partition, this.#silentAfterMs)) return crowded(partition, held, cap)
    if (!this.#turnover.short(this.#knownAfterMs)) return null
    // what the others do not use is lent to it
    const { limit, places } = this.crowdFor(this.#options.maxWaitMs)
    const most = Math.max(share, partitions.lent(size - held, limit + places))
    return held < most ? null : crowded(partition, held, most)
  }

  #servedWithin(ms: number): Crowd {
    const { crowd } = this
    const served = Math.floor(this.#turnover.within(ms, this.#knownAfterMs))
    return served < crowd.places ? { ...crowd, places: served } : crowd
  }

  /** When slots have been short for so long it is no burst, and known how fast they come free. */
  get #knownAfterMs(): number {
    return Math.max(this.#options.maxWaitMs, 2 * this.#allowed.slowestMs)
  }

  get #unheard(): number {
    return this.#allowed.adaptive ? this.#inside.hearing.held(this.#silentAfterMs) : 0
  }

  get #silentAfterMs(): number {
    const { adaptive, slowestMs } = this.#allowed
    return Math.max(this.#options.maxWaitMs, quiet * (adaptive ? slowestMs : this.#inside.hearing.usualMs))
  }

  #atMost(limit: number): number {
    return Math.min(this.#options.slots, limit)
  }
}
