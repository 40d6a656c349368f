import { later, now } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Refill } from './refill.ts'
import { longestPauseMs, reservoirHere } from './reservoir.ts'
import type { Reservoir } from './reservoir.ts'

/** A lease that takes longer is late, and calls spend the local share. */
const lateMs = 250
/** In a long window, how soon a reservoir that failed is asked again; in a short one it is at the next window. */
const againMs = 10_000
/** All instances together hold at most this part of a total that they do not spend. */
const lying = 1 / 20

/** `policy` and `name` are told to the metrics: the worker or the route. `instances` share the total. */
export type LeaseOptions = Readonly<{
  policy: 'lease' | 'quota'
  name: string
  requests: number
  windowMs: number
  instances?: number
}>

/**
 * A total leased in portions, which calls spend. Nobody waits for a lease: while one is on its way, calls borrow from what
 * the reservoir was last seen to hold, and the lease repays it; while it is late or failing, they spend a local share, the
 * total divided by the instances. There is no timer: who spends asks for the next portion.
 */
export class Lease implements Disposable {
  readonly options: LeaseOptions
  readonly #reservoir: Reservoir
  readonly #portion: number
  readonly #share: number
  readonly #instances: number
  readonly #refill: Refill
  // of this window
  #taken = 0 // from the reservoir …
  #spent = 0 // … and by calls; above what was taken, it is borrowed
  #left: number // in the reservoir, as last seen …
  #seenAt = -Infinity // … and when
  #quiet = false // in the window before, next to nothing was spent
  #spentAtRest = 0
  #asking = false
  #askAt: Instant = now()
  #lateAt = Infinity
  #failed = false // the last lease
  #freeAt: Instant | null = null // until then no more than the local share is spent, leased or not
  #local = -1 // what may be spent in this window without the reservoir; −1: it is asked
  #closed = false

  constructor(options: LeaseOptions, reservoir: Reservoir = reservoirHere(options)) {
    const { requests, instances = 1 } = options
    this.options = options
    this.#reservoir = reservoir
    this.#instances = instances
    this.#refill = new Refill(options.windowMs)
    this.#portion = Math.max(1, Math.floor((requests * lying) / Math.max(2, instances)))
    this.#share = Math.max(1, Math.floor(requests / instances))
    this.#left = requests
  }

  /** Takes as many as a call costs, at most the total; false, and takes nothing, when that much is not there. */
  spend(cost = 1): boolean {
    const at = now()
    if (this.#refill.due(at)) this.#turn(at)
    const price = Math.min(cost, this.options.requests)
    const balance = this.#taken - this.#spent
    if (this.#freeAt !== null && at >= this.#freeAt) this.#freeAt = null
    const mine = this.#freeAt === null || this.#spent + price <= this.#share
    const spent = mine && ((balance >= price && this.#local < 0) || this.#beyond(balance, price, at))
    if (spent) this.#spent += price
    const low = this.#taken - this.#spent < Math.max(this.#portion / 2, spent ? 0 : price)
    if (low && !this.#asking && at >= this.#askAt && !this.#closed) void this.#ask(spent ? 0 : price)
    return spent
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Takes back what a call spent that was refused by somebody else. */
  refund(cost: number): void {
    this.#spent = Math.max(0, this.#spent - Math.min(cost, this.options.requests))
  }

  /** Counts what was spent before there was this lease. */
  owe(spent: number): void {
    this.#spent += spent
  }

  /** Milliseconds until the reservoir refills, as far as is known. */
  get refillMs(): number {
    return this.#refill.inMs
  }

  /** Milliseconds until what was refused may be had: a lease, when the reservoir is known to hold that much, else the refill. */
  waitMs(cost: number): number {
    return this.remaining >= Math.min(cost, this.options.requests) ? lateMs : this.refillMs
  }

  /** What may still be spent in this window, as far as is known. */
  get remaining(): number {
    const left = this.#local < 0 ? this.#taken + this.#left : this.#local
    return Math.max(0, Math.floor(Math.min(left, this.#freeAt === null ? left : this.#share) - this.#spent))
  }

  /** Whether next to nothing was spent in the last window and in this one. */
  get quiet(): boolean {
    return this.#refill.due(now()) || (this.#quiet && this.#spent <= this.options.requests * lying)
  }

  /** Gives back what is unused, when nothing was spent since this was called before and the window still counts. */
  rest(): void {
    const idle = this.#spent === this.#spentAtRest
    this.#spentAtRest = this.#spent
    if (idle && !this.#asking) this.#giveBack()
  }

  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#giveBack()
  }

  /** Spends what is not there yet: borrows it, or takes it from the local share. */
  #beyond(balance: number, price: number, at: Instant): boolean {
    if (this.#local < 0 && at <= this.#lateAt) return balance + this.#borrowable(at) >= price
    if (this.#local < 0) this.#goLocal()
    if (this.#spent + price > this.#local) return false
    const { policy, name } = this.options
    if (events.localShare.hasSubscribers) events.localShare.publish({ policy, name, why: 'redis' })
    return true
  }

  /** Of what a reservoir was seen to hold, its part for this instance; the less, the longer ago the others could take from it. */
  #borrowable(at: Instant): number {
    const fair = this.#left / this.#instances
    if (this.#instances === 1 || this.#seenAt < this.#refill.began) return fair
    const trust = 1 - (at - this.#seenAt) / this.options.windowMs
    return Math.max(fair * trust, Math.min(fair, this.#portion))
  }

  /** What was leased is ours; beyond it the local share, as far as the others are known to have left it. */
  #goLocal(): void {
    const fair = Math.floor(this.#taken + this.#left / this.#instances)
    this.#local = Math.max(this.#taken, Math.min(this.#share, fair))
  }

  /** A new window: what was leased has gone with the old one, what was borrowed is still owed. */
  #turn(at: Instant): void {
    this.#renew(at)
    this.#refill.turn(at)
    this.#left = this.options.requests
    if (this.#local >= 0) {
      this.#local = this.#share
      this.#spent = 0
    }
    this.#askAt = at
  }

  #renew(at: Instant): void {
    // a window that has only just begun says nothing: it is known to be new a second time
    if (at - this.#refill.began >= this.options.windowMs / 2) this.#quiet = this.#spent <= this.options.requests * lying
    this.#spent = Math.max(0, this.#spent - this.#taken)
    this.#taken = 0
  }

  /** Leases ahead of need, until what was borrowed is repaid and a portion lies ready. */
  async #ask(wish: number): Promise<void> {
    this.#asking = true
    try {
      do await this.#leaseOne(wish)
      while (!this.#closed && this.#left >= 1 && this.#taken - this.#spent < Math.max(this.#portion / 2, wish))
      if (this.#left < 1) this.#askAt = later(this.#refill.askMs)
    } catch {
      this.#failed = true
      this.#lateAt = 0 // whose reservoir it is has told why
      // until it is reached for the first time, the others may lease already, and each share spent is too much
      this.#askAt = later(Math.min(this.#seenAt < 0 ? lateMs : againMs, this.refillMs))
    } finally {
      this.#asking = false
    }
  }

  async #leaseOne(wish: number): Promise<void> {
    const { requests } = this.options
    const balance = this.#taken - this.#spent
    const before = this.#left
    const need = Math.max(this.#portion, wish) + Math.max(0, -balance)
    const wanted = before < 1 ? 0 : Math.min(requests, Math.ceil(need)) // of an empty one: look first
    if (this.#local < 0) this.#lateAt = later(lateMs)
    const { granted, left, anew = false, refilled = false } = await this.#reservoir.lease(wanted)
    if (anew) this.#taken = 0
    // by us, by somebody else, or sooner than we knew
    else if (refilled || left + granted - before > requests / 10) this.#renew(now())
    if (refilled || left + granted - before > requests / 10) this.#refill.seen()
    else if (this.#seenAt < 0) this.#refill.joined()
    if (this.#failed) this.#restrain()
    this.#taken += granted
    this.#left = left
    this.#seenAt = now()
    this.#lateAt = Infinity
    this.#local = -1 // what was spent of the local share is repaid to the reservoir
    if (this.#closed) this.#giveBack()
  }

  /** The reservoir is back: others may not have noticed yet, and spend their shares, so that more than ours would be too much. */
  #restrain(): void {
    this.#failed = false
    this.#freeAt = later(longestPauseMs + Math.min(this.options.windowMs, againMs))
  }

  #giveBack(): void {
    const unused = Math.floor(this.#taken - this.#spent)
    if (unused < 1 || this.#local >= 0 || this.#refill.due(now())) return
    this.#taken -= unused
    this.#left += unused
    void this.#reservoir.giveBack(unused)
  }
}
