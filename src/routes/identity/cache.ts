import { hash } from 'node:crypto'

/** What was found out for secrets, by their hashes: the secrets themselves are not kept. The longest unused goes first. */
export class Cache<Value> {
  readonly #entries: number
  readonly #known = new Map<string, Value>()

  constructor(entries: number) {
    this.#entries = entries
  }

  get(secret: string): Value | undefined {
    const name = nameOf(secret)
    const value = this.#known.get(name)
    if (value === undefined) return undefined
    this.#known.delete(name)
    this.#known.set(name, value)
    return value
  }

  set(secret: string, value: Value): void {
    const name = nameOf(secret)
    this.#known.delete(name)
    this.#known.set(name, value)
    if (this.#known.size > this.#entries)
      for (const oldest of this.#known.keys()) return void this.#known.delete(oldest)
  }

  delete(secret: string): void {
    this.#known.delete(nameOf(secret))
  }

  clear(): void {
    this.#known.clear()
  }

  get size(): number {
    return this.#known.size
  }
}

const nameOf = (secret: string): string => hash('sha256', secret, 'base64')
