import Bottleneck from 'bottleneck'
import { Redis } from 'ioredis'
import type { RedisOptions } from '../../../config/schema/index.ts'
import { within } from '../../clock.ts'
import { events } from '../../events.ts'
import { spread } from '../refusal.ts'
import { granted, longestPauseMs, taken } from './reservoir.ts'
import type { Leased, Reservoir, ReservoirOptions } from './reservoir.ts'

/** How long stopping waits for what is given back last. */
const farewellMs = 250
/** A Redis that stands still does not close its side: ours is closed without it, and the process may exit. */
const closedMs = 50
/** Keys outlive two of their windows, and this. */
const keptMs = 60_000

/**
 * Bottleneck wants a second connection on which waiting jobs are told of free capacity. We queue no job: what it would
 * listen with hears nothing, and each lease costs Redis one script and nobody else anything.
 */
const deaf = {
  status: 'ready',
  setMaxListeners: () => {},
  on: () => {},
  once: () => {},
  subscribe: (_channel: string, done: () => void) => done(),
  unsubscribe: () => Promise.resolve(),
  disconnect: () => {},
  quit: () => Promise.resolve(),
}
class Single extends Redis {
  override duplicate(): Redis {
    return deaf as unknown as Redis
  }
}

/** The connection to the Redis in which instances share their totals: it never makes anybody wait, and comes back by itself. */
export class SharedReservoirs implements AsyncDisposable {
  readonly instances: number
  readonly #met = Promise.withResolvers<void>()
  readonly #prefix: string
  readonly #client: Redis
  readonly #connection: Bottleneck.IORedisConnection
  readonly #pending = new Set<Promise<unknown>>()
  #state: 'connecting' | 'ready' | 'down' = 'connecting'
  #reason = ''
  #failing = false
  #closed = false

  constructor({ url = '', prefix, instances, connectMs, requestMs }: RedisOptions) {
    this.instances = instances
    this.#prefix = prefix
    this.#client = new Single(url, {
      connectTimeout: connectMs,
      socketTimeout: requestMs, // of a Redis that stands still the connection is given up, and with it whatever waits
      enableOfflineQueue: false, // nothing waits for a connection
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false, // the lease may have been granted
      disconnectTimeout: closedMs,
      disableClientInfo: true,
      retryStrategy: times => Math.min(longestPauseMs, spread(50 * 2 ** Math.min(times, 5))),
    })
    this.#client.on('error', (error: Error) => (this.#reason = error.message))
    this.#client.on('ready', () => this.#become('ready', ''))
    this.#client.on('close', () => this.#become('down', this.#reason))
    this.#connection = new Bottleneck.IORedisConnection({ client: this.#client })
  }

  get ready(): boolean {
    return this.#client.status === 'ready'
  }

  /** Resolves when it is reached for the first time, or turns out not to be there: within `connectMs` and `requestMs`. */
  get met(): Promise<void> {
    return this.#met.promise
  }

  /** One total of all instances with the same prefix: those with other numbers are another total. */
  reservoir(options: ReservoirOptions): Reservoir {
    const { requests } = options
    let limiter: Promise<Bottleneck> | null = null
    let known = false
    const take = async (tokens: number): Promise<number> => {
      if (!this.ready) throw new Error(`Redis is not reached: ${this.#reason}`)
      return await taken(await (limiter ??= this.#limiter(options)), tokens)
    }
    const lease = async (tokens: number): Promise<Leased> => {
      let anew = false
      try {
        let left = await take(tokens).catch(async (cause: unknown) => {
          limiter = null // it does not mend itself: Bottleneck waits for another message than Redis 7 sends
          if (!isForgotten(cause)) throw cause
          anew = known
          return await take(tokens)
        })
        const again = left === requests && tokens > 0
        if (again) left = await take(tokens) // the script refills after taking: it was in vain
        // of those that find it just made, nobody has taken anything yet
        const refilled = again || ((anew || !known) && left + tokens === requests)
        known = true
        this.#failing = false
        return { ...granted(tokens, left), anew, refilled }
      } catch (cause) {
        this.#trouble(cause)
        throw cause
      }
    }
    const giveBack = (tokens: number): Promise<void> =>
      this.#tracked(
        take(-tokens)
          .then(async left => {
            if (left > requests) await take(left - requests) // a refill came before: it is whole without ours
          })
          .catch(() => {}),
      )
    return { lease, giveBack }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#met.resolve()
    await within(farewellMs, Promise.allSettled(this.#pending))
    this.#client.disconnect()
  }

  /** A limiter without a heartbeat and a subscription: its scripts are enough to lease. */
  async #limiter(options: ReservoirOptions): Promise<Bottleneck> {
    const { name, requests, windowMs } = options
    const limiter = new Bottleneck({
      id: `${this.#prefix}:${name}:${requests}:${windowMs}`,
      connection: this.#connection,
      reservoir: requests,
      reservoirRefreshAmount: requests,
      reservoirRefreshInterval: windowMs,
      timeout: Math.max(keptMs, 2 * windowMs),
      clientTimeout: Math.max(keptMs, 2 * windowMs),
    })
    await limiter.ready()
    await limiter.disconnect(false) // from its timer: the connection is not its own
    return limiter
  }

  #tracked<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise)
    void promise.finally(() => this.#pending.delete(promise))
    return promise
  }

  #become(state: 'ready' | 'down', reason: string): void {
    if (state === this.#state || this.#closed) return
    this.#state = state
    this.#met.resolve()
    events.redis.publish({ state, reason })
  }

  /** Told once: what is wrong while it is not reached is told already. */
  #trouble(cause: unknown): void {
    if (this.#failing || this.#closed || !this.ready) return
    this.#failing = true
    events.warning.publish({ what: 'Redis refuses to lease', cause })
  }
}

/** It was restarted empty, or has cleared us away as we were silent. */
const isForgotten = (cause: unknown): boolean =>
  cause instanceof Error && /SETTINGS_KEY_NOT_FOUND|UNKNOWN_CLIENT/.test(cause.message)
