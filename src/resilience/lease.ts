import Bottleneck from 'bottleneck'
import type { QuotaOptions } from '../../config/schema.ts'
import type { Call, Policy } from '../call.ts'
import { later, now, since } from '../clock.ts'
import { events } from '../events.ts'
import { Problem } from '../problem.ts'
import { refusal, spread } from './refusal.ts'

/** Where a total is kept: in this process, later in a Redis that all instances share. */
export interface Reservoir extends Disposable {
  /** Takes `tokens`, at the next refill when there are not as many; resolves with what is left. May fail, or be late. */
  lease(tokens: number): Promise<number>
}

/** A lease that takes longer is late, and one that failed is tried again after as long. */
const lateMs = 250
/** A portion is this part of the total: with what is fetched ahead, less than 1/20 of it lies about. */
const portions = 40

export type LeaseOptions = QuotaOptions & Readonly<{ worker: string; instances?: number }>

/**
 * A worker's total, leased in portions into a local balance that calls spend. Nobody waits for a lease: while one is on
 * its way, calls borrow what the reservoir was last seen to hold, and the lease repays it; while it is late or failing,
 * they spend a local share, the total divided by the instances.
 */
export class Lease implements Disposable {
  readonly options: LeaseOptions
  readonly #reservoir: Reservoir
  readonly #portion: number
  readonly #share: number
  #balance = 0 // negative: borrowed
  #seen: number // what the reservoir was last seen to hold …
  #seenAt = now() // … and when
  #refilledAt = now()
  #asking = false
  #askAt = now()
  #lateAt = Infinity
  #local = { on: false, left: 0, began: now() } // the local share, by windows of its own
  #closed = false

  constructor(options: LeaseOptions, reservoir: Reservoir = reservoirHere(options)) {
    const { requests, instances = 1 } = options
    this.options = options
    this.#reservoir = reservoir
    this.#portion = Math.max(1, Math.floor(requests / portions))
    this.#share = Math.max(1, Math.floor(requests / instances))
    this.#seen = requests
  }

  /** Takes one; false when the total is spent. */
  spend(): boolean {
    const spent = this.#balance >= 1 || this.#borrow()
    if (spent && !this.#local.on) this.#balance--
    if (this.#balance < this.#portion / 2 && !this.#asking && !this.#closed && now() >= this.#askAt) void this.#ask()
    return spent
  }

  /** Milliseconds until the reservoir refills, as far as is known. */
  get refillMs(): number {
    const { windowMs } = this.options
    return windowMs - (since(this.#refilledAt) % windowMs)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    this.#reservoir[Symbol.dispose]()
  }

  #borrow(): boolean {
    if (now() > this.#lateAt) return this.#spendLocal()
    return this.#balance + Math.min(this.#seen, this.#share) >= 1
  }

  #spendLocal(): boolean {
    const local = this.#local
    if (!local.on) {
      this.#local = { on: true, left: this.#share + this.#balance, began: now() } // what is borrowed is part of it
      this.#balance = 0
    } else if (since(local.began) >= this.options.windowMs) this.#local = { on: true, left: this.#share, began: now() }
    return this.#local.left-- >= 1
  }

  /** Leases ahead of need, one portion at a time, until what was borrowed is repaid and a portion lies ready. */
  async #ask(): Promise<void> {
    this.#asking = true
    try {
      while (this.#balance < this.#portion / 2 && !this.#closed) await this.#leaseOne()
    } catch (cause) {
      this.#askAt = later(lateMs)
      if (this.#closed) return
      if (this.#lateAt > 0)
        events.warning.publish({ what: `the total of ${this.options.worker} cannot be leased`, cause })
      this.#lateAt = 0
    } finally {
      this.#asking = false
    }
  }

  async #leaseOne(): Promise<void> {
    const { requests, windowMs } = this.options
    if (since(this.#seenAt) >= windowMs) this.#seen = requests // it has been refilled since
    const wanted = Math.min(requests, this.#portion + Math.max(0, -this.#balance))
    const waits = this.#seen < 1
    const tokens = waits ? wanted : Math.min(wanted, this.#seen)
    this.#lateAt = this.#local.on ? this.#lateAt : later(waits ? 2 * windowMs : lateMs)
    this.#seen = await this.#reservoir.lease(tokens)
    this.#balance += tokens
    this.#seenAt = now()
    if (waits) this.#refilledAt = this.#seenAt
    this.#lateAt = Infinity
    this.#local.on = false
  }
}

const nothing = (): Promise<void> => Promise.resolve()

/**
 * A reservoir in this process, on Bottleneck: about 400 jobs a second and 5 ms each, which is enough for portions and never
 * for calls. For one shared by all instances pass it a Redis here, watch for its error events (a restarted Redis fails for
 * ever, without rejecting the job) and build it anew.
 */
function reservoirHere({ worker, requests, windowMs }: LeaseOptions): Reservoir {
  const limiter = new Bottleneck({
    id: `sluice:${worker}`,
    reservoir: requests,
    reservoirRefreshAmount: requests,
    reservoirRefreshInterval: windowMs,
    heartbeatInterval: Math.max(5, Math.min(250, Math.floor(windowMs / 40))), // a refill is late by at most this
  })
  return {
    lease: async tokens => {
      await limiter.schedule({ weight: tokens }, nothing)
      return (await limiter.currentReservoir()) ?? 0
    },
    [Symbol.dispose]: () => {
      void limiter.stop({ dropWaitingJobs: true }).catch(nothing)
      void limiter.disconnect().catch(nothing)
    },
  }
}

/** What a worker may get in total, over all clients and routes. Throws rate-limited. */
export function leased<Out>(lease: Lease): Policy<Call, Out> {
  const { mode, worker, requests, windowMs } = lease.options
  const refuse = refusal('lease', mode)
  const violated = [worker]
  const detail = `${worker} gets at most ${requests} requests in ${windowMs} ms.`
  return next =>
    function leased(call) {
      if (lease.spend()) return next(call)
      const retryAfterMs = spread(lease.refillMs * 1.25) // never before the refill, and not all at once
      const refused = refuse(call, new Problem('rate-limited', detail, { retryAfterMs, violated, policy: 'lease' }))
      return refused === null ? next(call) : Promise.reject(refused)
    }
}
