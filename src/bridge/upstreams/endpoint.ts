import { Pool } from 'undici'
import type { Ask, Policy, Reply, Service } from '../../call.ts'
import { now, since } from '../../clock.ts'
import type { Problem } from '../../problem.ts'
import { dialler } from './dial.ts'
import type { Place, TlsFiles } from './dial.ts'
import { exchange } from './exchange.ts'
import { Results } from './results.ts'

/** What stands before one endpoint, such as its circuit. */
export type Guard = Disposable &
  Readonly<{
    policy: Policy<Ask, Reply>
    /** What a call would meet now; null: it would pass. */
    refusal: () => Problem | null
    /** Calls back when that may have changed. */
    watch: (changed: () => void) => Disposable
  }>
export const unguarded: Guard = {
  policy: next => next,
  refusal: () => null,
  watch: () => ({ [Symbol.dispose]: () => {} }),
  [Symbol.dispose]: () => {},
}

export type EndpointOptions = Readonly<{
  url: string
  place: Place | null // null: as the URL says
  connections: number // also bounds the calls under way, so that none waits for a connection
  connectMs: number
  maxReplyBytes: number
  tls: TlsFiles | undefined
}>

/** One address of an upstream: its connections, its circuit, and what is known of it. */
export class Endpoint implements AsyncDisposable {
  readonly name: string
  readonly guard: Guard
  readonly results = new Results()
  /** What the active checks say; without them it is taken for well. */
  healthy = true
  /** Whether the passive ones have put it aside. */
  ejected = false
  /** It was put aside lately, and gets one call at a time until it is known how it is. */
  onProbation = false
  /** Why its files for TLS cannot be used as they are now, and the former ones are; or null. */
  stale: string | null = null
  readonly #pool: Pool
  readonly #most: number
  readonly #service: Service<Ask, Reply>
  readonly #plain: Service<Ask, Reply>
  readonly #changed: () => void
  readonly #watching: Disposable
  #underWay = 0

  constructor(options: EndpointOptions, guard: Guard, changed: () => void) {
    const { url, place, connections, connectMs, maxReplyBytes, tls } = options
    const { origin, host, pathname, protocol } = new URL(url)
    this.name = place === null ? host : `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
    this.guard = guard
    this.#most = connections
    this.#changed = changed
    this.#watching = guard.watch(changed)
    // no timeouts of its own, as each call has a deadline
    const limits = { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 }
    const connect = dialler(place, connectMs, protocol === 'https:' ? (tls ?? trusting) : undefined, why => {
      this.stale = why
    })
    this.#pool = new Pool(origin, { ...limits, connect })
    const base = pathname.replace(/\/$/, '')
    this.#plain = ask => exchange(this.#pool, base, ask, maxReplyBytes)
    this.#service = guard.policy(this.#plain)
  }

  get underWay(): number {
    return this.#underWay
  }

  get full(): boolean {
    return this.#underWay >= this.#most
  }

  /** Sends one request. The caller has looked whether it is full. */
  async serve(ask: Ask): Promise<Reply> {
    const begun = now()
    this.#underWay++
    try {
      const reply = await this.#service(ask)
      this.results.add(reply.status < 500, since(begun))
      return reply
    } catch (error) {
      if (!ask.signal.aborted) this.results.add(false, since(begun))
      throw error
    } finally {
      this.#underWay--
      this.#changed()
    }
  }

  /** Sends one request past its circuit and its slots: for checks. */
  check(ask: Ask): Promise<Reply> {
    return this.#plain(ask)
  }

  /** Lets what is under way end. */
  async retire(): Promise<void> {
    this.#watching[Symbol.dispose]()
    this.guard[Symbol.dispose]()
    await this.#pool.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching[Symbol.dispose]()
    this.guard[Symbol.dispose]()
    await this.#pool.destroy()
  }
}

const trusting: TlsFiles = { rejectUnauthorized: true }
