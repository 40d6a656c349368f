import { BoundedMap } from '../../../bounded.ts'
import { now, since } from '../../../clock.ts'
import type { Instant } from '../../../clock.ts'
import { events } from '../../../events.ts'
import { Problem } from '../../../problem.ts'
import type { Codec } from '../codec.ts'
import { compile } from '../file.ts'
import { Unusable } from './client.ts'
import type { Client, Described, Id } from './client.ts'

/** A schema of the registry, compiled. */
export type Known = Readonly<{ codec: Codec; ids: readonly Id[] }>
export type RegistryOptions = Readonly<{ retryMs: number; subjectTtlMs: number }>

type Missing = { pending: Promise<Known> | null; failedAt: Instant | null; problem: Problem | null }

const mostKnown = 10_000
const mostMissing = 10_000
const mostAsked = 16

export const idText = ({ kind, value }: Id): string => `${kind} id ${value}`

/**
 * The schemas of a registry: those by id are kept for good. One that is not there, or cannot be had, is asked for once in
 * `retryMs`, however many want it; what is known needs no registry.
 */
export class Registry {
  readonly #client: Client
  readonly #options: RegistryOptions
  readonly #known = new BoundedMap<string, Known>(mostKnown)
  readonly #missing = new Map<string, Missing>()
  #asked = 0
  #down = false

  constructor(client: Client, options: RegistryOptions) {
    this.#client = client
    this.#options = options
  }

  get options(): RegistryOptions {
    return this.#options
  }

  /** The schema with the id, if it is known. */
  known(id: Id): Known | null {
    return this.#known.get(idText(id)) ?? null
  }

  /** Why it is not known. */
  problemOf(id: Id): Problem {
    return (
      this.#missing.get(idText(id))?.problem ??
      unavailable(`The schema with the ${idText(id)} is not known yet.`, this.#options.retryMs)
    )
  }

  /** Whether it is known that the registry has no such schema, or none of use. It is asked again, but not for each record. */
  lacks(id: Id): boolean {
    return this.#missing.get(idText(id))?.problem?.cause instanceof Unusable
  }

  /** Throws schema-unavailable; bad-reply when there is no such id. */
  async byId(id: Id): Promise<Known> {
    const name = idText(id)
    return this.#known.get(name) ?? (await this.#once(name, () => this.#client.byId(id), undefined))
  }

  /** The schema of a subject, as it is now. Throws schema-unavailable. */
  subject(name: string, version: string | undefined, message: string | undefined): Promise<Known> {
    const what = version === undefined ? `subject ${name}` : `subject ${name} in version ${version}`
    return this.#once(what, () => this.#client.subject(name, version), message)
  }

  async #once(what: string, ask: () => Promise<Described>, message: string | undefined): Promise<Known> {
    const key = message === undefined ? what : `${what} ${message}`
    const entry = this.#missing.get(key) ?? { pending: null, failedAt: null, problem: null }
    if (entry.pending !== null) return await entry.pending
    const leftMs = entry.failedAt === null ? 0 : this.#options.retryMs - since(entry.failedAt)
    if (entry.problem !== null && leftMs > 0)
      throw new Problem(entry.problem.code, entry.problem.message, { retryAfterMs: leftMs, cause: entry.problem.cause })
    if (this.#asked >= mostAsked) throw unavailable('The registry is asked for too many schemas at once.', 1_000)
    if (this.#missing.size >= mostMissing && !this.#missing.has(key)) this.#forgetOldest()
    this.#missing.set(key, entry)
    entry.pending = this.#load(what, ask, message)
    try {
      const known = await entry.pending
      this.#missing.delete(key)
      return known
    } catch (error) {
      entry.failedAt = now()
      entry.problem = Problem.from(error)
      throw entry.problem
    } finally {
      entry.pending = null
    }
  }

  async #load(what: string, ask: () => Promise<Described>, message: string | undefined): Promise<Known> {
    this.#asked++
    const { retryMs } = this.#options
    try {
      const { ids, format, text, references } = await ask()
      this.#tell(false, '')
      const source = { name: `The schema of the ${what}`, text, references, message }
      const codec = await compile(format, source).catch((cause: Error) => {
        throw new Unusable(cause.message, { cause })
      })
      const known = { codec, ids }
      if (message === undefined) for (const id of ids) this.#known.set(idText(id), known)
      return known
    } catch (cause) {
      if (cause instanceof Unusable) {
        this.#tell(false, '')
        throw unavailable(cause.message, retryMs, cause)
      }
      this.#tell(true, (cause as Error).message)
      throw unavailable(`The schema of the ${what} cannot be had: the registry does not answer.`, retryMs, cause)
    } finally {
      this.#asked--
    }
  }

  #forgetOldest(): void {
    for (const [key, { pending }] of this.#missing) if (pending === null) return void this.#missing.delete(key)
  }

  /** Once an outage. */
  #tell(down: boolean, why: string): void {
    if (down && !this.#down && events.warning.hasSubscribers)
      events.warning.publish({
        what: `The schema registry cannot be asked (${why}): the schemas that are known stay.`,
        cause: undefined,
      })
    this.#down = down
  }
}

const unavailable = (detail: string, retryAfterMs: number, cause?: unknown): Problem =>
  new Problem('schema-unavailable', detail, { retryAfterMs, cause })

/** What a subject means, for a time; its earlier meaning stays where the registry cannot tell, or where the new one does not compile. */
export class Subject {
  readonly #load: () => Promise<Known>
  readonly #ttlMs: number
  #known: Known | null = null
  #at: Instant = now()
  #running = false

  constructor(
    registry: Registry,
    name: string,
    of: Readonly<{ version?: string | undefined; message?: string | undefined }>,
  ) {
    this.#load = () => registry.subject(name, of.version, of.message)
    this.#ttlMs = registry.options.subjectTtlMs
  }

  get current(): Known | null {
    return this.#known
  }

  /** At once, when it is known. Throws schema-unavailable. */
  get(): Known | Promise<Known> {
    if (this.#known === null) return this.#renewed()
    if (!this.#running && since(this.#at) >= this.#ttlMs) this.#renewed().catch(() => {})
    return this.#known
  }

  async #renewed(): Promise<Known> {
    this.#running = true
    try {
      return (this.#known = await this.#load())
    } finally {
      this.#at = now() // of a failure too: the next look is as far away
      this.#running = false
    }
  }
}
