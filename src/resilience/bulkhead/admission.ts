import type { BulkheadOptions } from '../../../config/schema/index.ts'
import type { Call } from '../../call.ts'
import type { Problem } from '../../problem.ts'
import type { ConcurrencyLimit } from './concurrency.ts'
import type { InFlight } from './inflight.ts'
import { partitionFull, shedByChance, partitionSilent } from './shed.ts'
import type { Capacity } from './shed.ts'
import { ReleaseRate } from './releaserate.ts'
import type { Place } from './cohorts.ts'
import type { Newcomer } from './waiter.ts'

/**
 * While slots are short for longer, only so many wait as are served in this share of their patience: a standing queue serves
 * nobody better, and all later.
 */
const standing = 0.2
/** Where one client has too many of the slots, which come to the others first, those may wait in this share of it. */
const owed = 0.6
/** A client that nobody else waits with may wait for all of its patience: its queue makes only its own calls late. */
const alone = 1
/** A partition that answers nothing for so many times what replies usually take is silent. */
const quiet = 4

type Options = Pick<BulkheadOptions, 'slots' | 'queue' | 'maxWaitMs'>

/** Who is admitted: how many slots there are, how many places in the queue behind them, and what of both one partition may have. */
export class Admission {
  readonly #options: Options
  readonly #concurrency: ConcurrencyLimit
  readonly #inside: InFlight
  readonly #rate = new ReleaseRate()

  constructor(options: Options, concurrency: ConcurrencyLimit, inside: InFlight) {
    this.#options = options
    this.#concurrency = concurrency
    this.#inside = inside
  }

  /** How many may be in flight at present. What a silent partition holds takes no slot of an adaptive limit: it keeps nobody busy. */
  get limit(): number {
    const { limit, adaptive } = this.#concurrency
    return adaptive && this.#inside.inFlight >= limit ? this.#atMost(limit + this.#silentInFlight) : limit
  }

  /** In flight, without what silent partitions hold. */
  get busy(): number {
    return this.#inside.inFlight - this.#silentInFlight
  }

  get capacity(): Capacity {
    const { limit } = this
    const { inFlight, waiting } = this.#inside
    // slots that are closed for the moment, by a probe or as nobody has used them, are places
    const places = this.#options.queue + this.#concurrency.judged - limit
    return { inFlight, limit, waiting, places }
  }

  /** For this one: no more places than slots will come free soon, as who waits for nothing is refused too late. */
  capacityFor({ place, patienceMs }: Newcomer): Capacity {
    return this.#servedWithin(patienceMs * (this.#inside.cohorts.isAlone(place) ? alone : standing))
  }

  /** Whether this one may wait nevertheless: another client has too much, and what it gives back comes to this one first. */
  isOwed({ place, patienceMs }: Newcomer): boolean {
    if (!this.#inside.cohorts.isHogged(place)) return false
    const { waiting, places } = this.#servedWithin(patienceMs * owed)
    return waiting < places
  }

  /** Whether slots have been short for longer than a burst, and for `ms`. */
  shortFor(ms: number): boolean {
    return this.#rate.short(Math.max(ms, this.#knownAfterMs))
  }

  /** Somebody has found all slots taken. */
  press(): void {
    this.#rate.press(this.#options.maxWaitMs)
  }

  /** A slot was given back. How many may be in flight now, those included who are let in on the way down to a lower limit. */
  left(): number {
    const silent = this.#silentInFlight
    const upTo = this.#atMost(this.#concurrency.left(this.#inside.inFlight - silent) + silent)
    if (this.#inside.inFlight < upTo) this.#rate.free()
    return upTo
  }

  /** Whoever waited for a slot that was given back has got it. */
  served(): void {
    if (this.#inside.inFlight < this.limit) this.#rate.ease()
  }

  /** Why there is no room for a call, neither slot nor place, whoever else is there: its partition has too much, or is silent. */
  refusalOf(call: Call): Problem | null {
    return this.silenceOf(call) ?? this.#overShare(call)
  }

  /** Why nothing more is sent to a silent partition: somebody who would be answered wants the slot, or slots run out. */
  silenceOf({ partition }: Call): Problem | null {
    const { adaptive, limit } = this.#concurrency
    const { inFlight, partitions, answers } = this.#inside
    if (!adaptive || inFlight < limit || !answers.silent(partition, this.#silentAfterMs)) return null
    const isShort = this.busy >= limit || inFlight >= (limit + this.#options.slots) / 2
    return isShort ? partitionSilent(partition, partitions.inFlight(partition)) : null
  }

  /** With an adaptive limit the queue is as long as the limit is good for, and full by degrees. */
  shed({ priority }: Call, place: Place): Problem | null {
    const { adaptive, judged } = this.#concurrency
    return adaptive && !this.#inside.cohorts.isAlone(place) ? shedByChance(priority, this.#inside.size, judged) : null
  }

  /** Why a partition that has more than its share gets no more: it is silent, or others want the slots. */
  #overShare({ partition }: Call): Problem | null {
    const { partitions, answers, size } = this.#inside
    const held = partitions.held(partition)
    const share = Math.min(partitions.cap(this.#concurrency.judged), partitions.share(size))
    if (held < share) return null
    const most = partitions.cap(this.#options.slots)
    if (held >= most && answers.mute(partition, this.#silentAfterMs)) return partitionFull(partition, held, most)
    if (!this.shortFor(0)) return null
    // what the others do not use is lent to it
    const { limit, places } = this.#servedWithin(this.#options.maxWaitMs * standing)
    const lent = Math.max(share, partitions.lent(size - held, limit + places))
    return held < lent ? null : partitionFull(partition, held, lent)
  }

  #servedWithin(ms: number): Capacity {
    const { capacity } = this
    const served = Math.floor(this.#rate.within(ms, this.#knownAfterMs))
    return served < capacity.places ? { ...capacity, places: served } : capacity
  }

  /** When slots have been short for so long it is no burst, and known how fast they come free. */
  get #knownAfterMs(): number {
    return Math.max(this.#options.maxWaitMs, 2 * this.#concurrency.slowestMs)
  }

  get #silentInFlight(): number {
    return this.#concurrency.adaptive ? this.#inside.answers.held(this.#silentAfterMs) : 0
  }

  get #silentAfterMs(): number {
    const { adaptive, slowestMs } = this.#concurrency
    return Math.max(this.#options.maxWaitMs, quiet * (adaptive ? slowestMs : this.#inside.answers.usualMs))
  }

  #atMost(limit: number): number {
    return Math.min(this.#options.slots, limit)
  }
}
