import { readFileSync, statSync } from 'node:fs'
import { every } from '../../clock.ts'
import { events } from '../../events.ts'
import { identityOf } from './claims.ts'
import type { Identity } from './claims.ts'

/** How a secret is known: its SHA-256, or what scrypt (N 16384, r 8, p 1) makes of it and the salt. */
export type Hashed = Readonly<{ kind: 'sha256' | 'scrypt'; salt: Buffer; digest: Buffer; identity: Identity }>

const lookMs = 2_000
const largestBytes = 16_777_216
const line = /^([^:]+):(sha256|scrypt)\$(?:([0-9a-f]{16,128})\$)?([0-9a-f]{64})(?::(.*))?$/

/**
 * Clients and the hashes of their secrets, a line each: `<subject>:sha256$<hex>:<scopes>` or
 * `<subject>:scrypt$<salt>$<hex>:<scopes>`. The file is looked at every two seconds; one that does not hold changes nothing.
 * Opening throws an Error of one sentence.
 */
export class Hashes implements Disposable {
  readonly #provider: string
  readonly #file: string
  readonly #changed: (all: ReadonlyMap<string, Hashed>) => void
  readonly #looking: Disposable
  #mark = ''

  constructor(provider: string, file: string, changed: (all: ReadonlyMap<string, Hashed>) => void) {
    this.#provider = provider
    this.#file = file
    this.#changed = changed
    this.#mark = markOf(file)
    changed(this.#read())
    this.#looking = every(lookMs, () => this.look())
  }

  /** Reads the file when it is another one than before. */
  look(): void {
    const mark = markOf(this.#file)
    if (mark === this.#mark) return
    this.#mark = mark
    try {
      this.#changed(this.#read())
    } catch (error) {
      if (events.warning.hasSubscribers) events.warning.publish({ what: (error as Error).message, cause: undefined })
    }
  }

  #read(): ReadonlyMap<string, Hashed> {
    const text = textOf(this.#file, this.#provider)
    const all = new Map<string, Hashed>()
    for (const [at, row] of text.split(/\r?\n/).entries()) {
      if (row.trim() === '' || row.startsWith('#')) continue
      const [, subject = '', kind, salt, digest = '', scope = ''] = line.exec(row) ?? []
      // the row itself is not quoted: somebody may have written the secret into it
      if (subject === '' || (kind === 'scrypt') !== (salt !== undefined))
        throw new Error(
          `identity.providers.${this.#provider}: line ${at + 1} of its file is no <subject>:<hash>:<scopes>.`,
        )
      const identity = identityOf(this.#provider, subject, scope, { sub: subject, scope })
      const hashed = { kind: kind as Hashed['kind'], salt: Buffer.from(salt ?? '', 'hex'), identity }
      all.set(subject, { ...hashed, digest: Buffer.from(digest, 'hex') })
    }
    return all
  }

  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]()
  }
}

function textOf(file: string, provider: string): string {
  try {
    if (statSync(file).size <= largestBytes) return readFileSync(file, 'utf8')
  } catch {
    throw new Error(`identity.providers.${provider}: its file cannot be read.`)
  }
  throw new Error(`identity.providers.${provider}: its file is larger than ${largestBytes} bytes.`)
}

function markOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'none'
  }
}
