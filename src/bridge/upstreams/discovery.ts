import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Aborter } from '../../aborter.ts'
import { pause } from '../../clock.ts'
import type { Place } from './dial.ts'
import { services } from './srv.ts'

export type DiscoveryOptions = Readonly<{
  type: 'address' | 'srv'
  servers: readonly string[] // host:port; empty: those of the system
  timeoutMs: number
  minMs: number // between two questions, however short the time to live
  maxMs: number // and however long
}>
/** What a name stands for, and for how long. */
export type Found = Readonly<{ places: readonly Place[]; ttlMs: number }>

/** Asks for A and AAAA records, or for SRV records and the addresses of their targets (RFC 2782: those of the best priority). */
export class Discovery {
  readonly #resolver: Resolver
  readonly #options: DiscoveryOptions
  readonly #closing = new Aborter()

  constructor(options: DiscoveryOptions) {
    this.#options = options
    this.#resolver = new Resolver({ timeout: options.timeoutMs, tries: 2 })
    if (options.servers.length > 0) this.#resolver.setServers([...options.servers])
  }

  /** Throws when nobody answers, or there is no such name. */
  async find(host: string, port: number): Promise<Found> {
    return this.#options.type === 'srv' ? await this.#services(host) : await this.#addresses(host, port)
  }

  async #addresses(host: string, port: number): Promise<Found> {
    const bare = host.replace(/^\[|\]$/g, '')
    if (isIP(bare) !== 0) return { places: [{ host: bare, port }], ttlMs: Infinity }
    const [four, six] = await Promise.allSettled([
      this.#resolver.resolve4(bare, { ttl: true }),
      this.#resolver.resolve6(bare, { ttl: true }),
    ])
    const all = [four, six].flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
    if (all.length === 0) throw (four as PromiseRejectedResult).reason
    return {
      places: all.map(({ address }) => ({ host: address, port })),
      ttlMs: Math.min(...all.map(({ ttl }) => ttl)) * 1_000,
    }
  }

  /** They are asked for again when the first of them, or of the addresses of their targets, is to be. */
  async #services(name: string): Promise<Found> {
    const servers = this.#resolver.getServers()
    const all = await services(name, { servers, timeoutMs: this.#options.timeoutMs, signal: this.#closing })
    const best = Math.min(...all.map(({ priority }) => priority))
    const chosen = all.filter(({ priority }) => priority === best)
    const found = await Promise.all(chosen.map(({ host, port }) => this.#addresses(host, port)))
    return {
      places: found.flatMap(({ places }) => places),
      ttlMs: Math.min(...all.map(({ ttl }) => ttl * 1_000), ...found.map(({ ttlMs }) => ttlMs)),
    }
  }

  cancel(): void {
    this.#resolver.cancel()
    this.#closing.abort(null)
  }
}

const againMs = 1_000

/** Keeps up with what a name stands for, by its time to live. What cannot be asked for stays as it was, and is told. */
export class Following implements Disposable {
  readonly #closing = new Aborter()
  readonly #discovery: Discovery

  constructor(
    url: string,
    options: DiscoveryOptions,
    told: Readonly<{ found: (places: readonly Place[]) => void; failed: (error: Error) => void }>,
  ) {
    this.#discovery = new Discovery(options)
    void this.#run(new URL(url), options, told)
  }

  async #run(
    { hostname, port, protocol }: URL,
    { minMs, maxMs }: DiscoveryOptions,
    { found, failed }: Readonly<{ found: (places: readonly Place[]) => void; failed: (error: Error) => void }>,
  ): Promise<void> {
    while (!this.#closing.aborted) {
      let waitMs = againMs
      try {
        const { places, ttlMs } = await this.#discovery.find(
          hostname,
          Number(port || (protocol === 'https:' ? 443 : 80)),
        )
        if (this.#closing.aborted) return
        found(places)
        waitMs = Math.min(maxMs, Math.max(minMs, ttlMs))
      } catch (error) {
        if (this.#closing.aborted) return
        failed(error as Error)
      }
      await pause(waitMs, this.#closing)
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort(null)
    this.#discovery.cancel()
  }
}
