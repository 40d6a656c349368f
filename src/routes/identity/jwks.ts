import { createLocalJWKSet, errors } from 'jose'
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import { after, every, now, pause, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'

/** Gives the text of a key set, or throws. */
export type Fetching = () => Promise<string>
export type KeyOptions = Readonly<{ refreshMs: number; cooldownMs: number }>
type Resolve = ReturnType<typeof createLocalJWKSet>

/** Tokens of unknown keys that wait for the next fetch. */
const mostWaiting = 256
const mostTried = 10_000

/**
 * The public keys of an issuer. Jose's own remote set refuses new keys while it cools down, and in an outage the known ones
 * too: here the keys that are known stay until others come, and a token of a key that nobody has looked for waits until one
 * may look again. A key that was looked for in vain is refused at once until then, and so is any in an outage.
 */
export class Keys implements Disposable {
  readonly #provider: string
  readonly #fetching: Fetching
  readonly #options: KeyOptions
  readonly #refresh: Disposable
  readonly #changed: () => void
  readonly #tried = new Set<string>() // key ids that the set did not have when it was last fetched
  #resolve: Resolve | null = null
  #text = ''
  #fetched: Instant | null = null
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #waiting = 0
  #broken = false
  #over = false

  constructor(provider: string, fetching: Fetching, options: KeyOptions, changed: () => void = () => {}) {
    this.#provider = provider
    this.#fetching = fetching
    this.#options = options
    this.#changed = changed
    this.#refresh = every(options.refreshMs, () => void this.#fetch())
    void this.#fetch()
  }

  /** For jose. Throws its error when there is no such key, identity-unavailable when that cannot be told. */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    try {
      if (this.#resolve !== null) return await this.#resolve(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    const id = `${header.alg} ${header.kid ?? ''}`
    if (this.#tried.has(id) && this.#leftMs() > 0) throw new errors.JWKSNoMatchingKey()
    await this.#renewed()
    if (this.#resolve === null) throw this.#unavailable()
    try {
      return await this.#resolve(header, token)
    } catch (error) {
      if (this.#broken) throw this.#unavailable() // it may be new
      if (this.#tried.size >= mostTried) this.#tried.clear()
      this.#tried.add(id)
      throw error
    }
  }

  /** Resolves after a fetch: the one that runs, one at once, or the one after the cool-down. */
  async #renewed(): Promise<void> {
    if (this.#running !== null) return await this.#running
    const leftMs = this.#leftMs()
    if (leftMs === 0) return await this.#fetch()
    if (this.#broken || this.#waiting >= mostWaiting) throw this.#unavailable()
    this.#waiting++
    this.#next ??= pause(leftMs).then(() => this.#fetch())
    try {
      await this.#next
    } finally {
      this.#waiting--
    }
  }

  #fetch(): Promise<void> {
    this.#next = null
    if (this.#over) return Promise.resolve()
    return (this.#running ??= this.#read().finally(() => (this.#running = null)))
  }

  async #read(): Promise<void> {
    this.#fetched = now()
    try {
      const text = await this.#fetching()
      if (text !== this.#text) {
        this.#resolve = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
        this.#text = text
        this.#changed()
      }
      this.#tried.clear()
      this.#broken = false
    } catch {
      if (!this.#broken)
        tell(`The keys of identity.providers.${this.#provider} cannot be had: those that are known stay.`)
      this.#broken = true
    }
  }

  #leftMs(): number {
    return this.#fetched === null ? 0 : Math.max(0, this.#options.cooldownMs - since(this.#fetched))
  }

  #unavailable(): Problem {
    const retryAfterMs = Math.max(1, this.#leftMs())
    return new Problem('identity-unavailable', 'The keys of the issuer cannot be had now.', { retryAfterMs })
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#refresh[Symbol.dispose]()
  }
}

const tell = (what: string): void => {
  if (events.warning.hasSubscribers) events.warning.publish({ what, cause: undefined })
}

const largestBytes = 1_048_576

/** Reads a key set by HTTP: no redirects, nothing but 200, 1 MiB at most. */
export const fromUrl =
  (url: string, timeoutMs: number): Fetching =>
  async () => {
    const aborter = new AbortController()
    using _limit = after(timeoutMs, () => aborter.abort())
    const { signal } = aborter
    const response = await fetch(url, { redirect: 'error', headers: { accept: 'application/json' }, signal })
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of response.body ?? []) {
      size += piece.length
      if (size > largestBytes) throw new Error('The key set is too large.')
      pieces.push(piece)
    }
    if (response.status !== 200) throw new Error(`The key set was answered with ${response.status}.`)
    return Buffer.concat(pieces).toString()
  }
