import type { QuotaOptions } from '../../config/schema.ts'
import type { Call, Policy, QuotaState } from '../call.ts'
import { now } from '../clock.ts'
import { Problem } from '../problem.ts'
import { refusal } from './refusal.ts'

/** A sum of fractions must not lack a billionth of a token at the very millisecond that was promised. */
const dust = 1e-6
/** However short the window, clients are not forgotten sooner. */
const shortestAgeMs = 10_000

type Bucket = { tokens: number; at: number }
export type BucketsOptions = Readonly<{ requests: number; windowMs: number; clients?: number }>

/**
 * A token bucket for each client (the meter of Turner 1986; RFC 2697 has the arithmetic): it holds `requests` tokens,
 * refills evenly over `windowMs`, and is filled when looked at, so that no client owns a timer. Whoever has not called for
 * a window has a full bucket, which is the same as none: two generations of clients take turns, and the elder goes as a
 * whole. At most `clients` are remembered; when more come within a window, the elder goes early and takes its debts along.
 */
export class Buckets {
  readonly #requests: number
  readonly #windowMs: number
  readonly #perMs: number
  readonly #ageMs: number
  readonly #most: number // of each generation
  #young = new Map<string, Bucket>()
  #elder = new Map<string, Bucket>()
  #bornAt: number = now()

  constructor({ requests, windowMs, clients = 100_000 }: BucketsOptions) {
    this.#requests = requests
    this.#windowMs = windowMs
    this.#perMs = requests / windowMs
    this.#ageMs = Math.max(windowMs, shortestAgeMs)
    this.#most = Math.max(1, Math.floor(clients / 2))
  }

  /** How many clients are remembered; one that came back counts in both generations. */
  get size(): number {
    return this.#young.size + this.#elder.size
  }

  /** The client's bucket, filled up to now. */
  of(client: string): Bucket {
    const at = now()
    if (at - this.#bornAt >= this.#ageMs || this.#young.size >= this.#most) this.#turn(at)
    let bucket = this.#young.get(client)
    if (bucket === undefined) {
      bucket = this.#elder.get(client) ?? { tokens: this.#requests, at }
      this.#young.set(client, bucket)
    }
    bucket.tokens = Math.min(this.#requests, bucket.tokens + (at - bucket.at) * this.#perMs)
    bucket.at = at
    return bucket
  }

  /** Takes one token: 0, or without taking it the milliseconds until there is one. */
  take(bucket: Bucket): number {
    if (bucket.tokens < 1 - dust) return Math.ceil((1 - bucket.tokens) / this.#perMs - dust)
    bucket.tokens = Math.max(0, bucket.tokens - 1)
    return 0
  }

  /** What the client is told; it resets when the bucket is full. */
  state({ tokens }: Bucket): QuotaState {
    return {
      requests: this.#requests,
      windowMs: this.#windowMs,
      remaining: Math.floor(tokens + dust),
      resetMs: Math.ceil((this.#requests - tokens) / this.#perMs),
    }
  }

  #turn(at: number): void {
    // nobody in it for two ages: the younger are all full again too
    this.#elder = at - this.#bornAt >= 2 * this.#ageMs ? new Map() : this.#young
    this.#young = new Map()
    this.#bornAt = at
  }
}

/** What each client may send to one route. Throws rate-limited with the exact wait. */
export function quota<Out>(options: QuotaOptions, name = 'default', buckets = new Buckets(options)): Policy<Call, Out> {
  const refuse = refusal('quota', options.mode)
  const observed = options.mode !== 'enforce'
  const violated = [name]
  const detail = `At most ${options.requests} requests in ${options.windowMs} ms.`
  return next =>
    function quota(call) {
      const bucket = buckets.of(call.client)
      const waitMs = buckets.take(bucket)
      if (!observed) call.progress.quota = buckets.state(bucket) // nobody should slow down for what is only observed
      if (waitMs === 0) return next(call)
      const refused = refuse(
        call,
        new Problem('rate-limited', detail, { retryAfterMs: waitMs, violated, policy: 'quota' }),
      )
      return refused === null ? next(call) : Promise.reject(refused)
    }
}
