import { hash, scrypt, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../problem.ts'
import { Cache } from './cache.ts'
import type { Identity } from './claims.ts'
import { Hashes } from './hashes.ts'
import type { Hashed } from './hashes.ts'

const longest = 1_024
/** Passwords that are hashed at once: each takes 16 MiB and some 50 ms of a core. */
const mostHashing = 8

/** User and password (RFC 7617). A password that was right is known by a quick hash until the file changes. */
export class Basic implements Disposable {
  readonly #file: Hashes
  readonly #known: Cache<Identity>
  #all: ReadonlyMap<string, Hashed> = new Map()
  #hashing = 0

  constructor(provider: string, file: string, entries: number) {
    this.#known = new Cache(entries)
    this.#file = new Hashes(provider, file, all => {
      this.#all = all
      this.#known.clear()
    })
  }

  /** Throws, or rejects with, unauthenticated or identity-unavailable. */
  identify(credentials: string): Identity | Promise<Identity> {
    if (credentials.length > longest) throw wrong()
    return this.#known.get(credentials) ?? this.#verify(credentials)
  }

  async #verify(credentials: string): Promise<Identity> {
    const text = Buffer.from(credentials, 'base64').toString()
    const colon = text.indexOf(':')
    if (colon === -1) throw wrong()
    const all = this.#all
    const found = all.get(text.slice(0, colon)) ?? nobody // as slow as for somebody
    const digest = await this.#digest(text.slice(colon + 1), found)
    if (!timingSafeEqual(digest, found.digest) || found === nobody) throw wrong()
    if (all === this.#all) this.#known.set(credentials, found.identity)
    return found.identity
  }

  async #digest(password: string, { kind, salt }: Hashed): Promise<Buffer> {
    if (kind === 'sha256') return hash('sha256', password, 'buffer')
    if (this.#hashing >= mostHashing)
      throw new Problem('identity-unavailable', 'Too many passwords are looked at.', { retryAfterMs: 1_000 })
    this.#hashing++
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    scrypt(password, salt, 32, (error, digest) => (error === null ? resolve(digest) : reject(error)))
    return await promise.finally(() => this.#hashing--)
  }

  look(): void {
    this.#file.look()
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]()
  }
}

const wrong = (): Problem => new Problem('unauthenticated', 'User or password is wrong.')

const nobody: Hashed = {
  kind: 'scrypt',
  salt: Buffer.alloc(16),
  digest: Buffer.alloc(32),
  identity: { client: '', claims: {}, scopes: new Set() },
}
