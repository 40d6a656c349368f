import { hash, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../problem.ts'
import type { Identity } from './claims.ts'
import { Hashes } from './hashes.ts'
import type { Hashed } from './hashes.ts'

const longestKey = 512

/** API keys, known by their hashes. They are made by machines and cannot be guessed: SHA-256 keeps them well. */
export class ApiKeys implements Disposable {
  readonly #file: Hashes
  #all: ReadonlyMap<string, Hashed> = new Map()

  constructor(provider: string, file: string) {
    this.#file = new Hashes(provider, file, all => {
      // found by a hash that nobody can steer, and then compared as a whole in constant time
      this.#all = new Map(Array.from(all.values(), each => [each.digest.toString('hex'), each]))
    })
  }

  identify(key: string): Identity {
    const digest = key.length > longestKey ? null : hash('sha256', key, 'buffer')
    const found = digest === null ? undefined : this.#all.get(digest.toString('hex'))
    if (digest === null || found?.kind !== 'sha256' || !timingSafeEqual(found.digest, digest))
      throw new Problem('unauthenticated', 'The API key is unknown.')
    return found.identity
  }

  look(): void {
    this.#file.look()
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]()
  }
}
