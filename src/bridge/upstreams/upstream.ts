import type { Signal } from '../../aborter.ts'
import type { Ask, Reply } from '../../call.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { choose } from './balance.ts'
import { Checks } from './checks.ts'
import type { CheckOptions } from './checks.ts'
import type { Place, TlsFiles } from './dial.ts'
import { Following } from './discovery.ts'
import type { DiscoveryOptions } from './discovery.ts'
import { Endpoint } from './endpoint.ts'
import type { Guard } from './endpoint.ts'
import { failed } from './exchange.ts'
import { isIdempotent } from './message.ts'
import { Outliers, tell } from './outliers.ts'
import type { OutlierOptions } from './outliers.ts'

export type UpstreamOptions = Readonly<{
  name: string
  urls: readonly string[] // the paths of requests are appended to them
  connections: number // of each endpoint
  connectMs: number
  maxReplyBytes: number
  tls?: TlsFiles | undefined
  discovery?: DiscoveryOptions | undefined // without it the system resolves names at each dial
  checks?: CheckOptions | undefined
  outliers?: OutlierOptions | undefined
  attempts: number // in all, each at another endpoint
  retryOn: readonly number[]
}>
/** What is handed over: the circuit of each endpoint, and what bounds the repetitions. */
export type UpstreamParts = Readonly<{
  guard: (endpoint: string) => Guard
  budget: Readonly<{ deposit: () => void; withdraw: () => boolean }>
}>

/** HTTP servers that do the same: calls go to the better of two, and to another when one fails, until it is disposed of. */
export class Upstream implements AsyncDisposable {
  readonly name: string
  readonly #options: UpstreamOptions
  readonly #parts: UpstreamParts
  readonly #known = new Map<string, Endpoint>() // by URL and address
  readonly #checks = new Map<Endpoint, Checks>()
  readonly #outliers: Outliers | null
  readonly #following: readonly Following[]
  readonly #retryOn: ReadonlySet<number>
  readonly #trouble = new Map<string, string>() // by URL: why its name is not resolved
  #endpoints: readonly Endpoint[] = []
  #free = Promise.withResolvers<void>()
  #awaited = false

  constructor(options: UpstreamOptions, parts: UpstreamParts) {
    const { name, urls, discovery, outliers } = options
    this.name = name
    this.#options = options
    this.#parts = parts
    this.#retryOn = new Set(options.retryOn)
    this.#outliers = outliers === undefined ? null : new Outliers(name, () => this.#endpoints, outliers)
    if (discovery === undefined) for (const url of urls) this.#place(url, [null])
    this.#following = discovery === undefined ? [] : urls.map(url => this.#follow(url, discovery))
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints
  }

  /** What an operator should know: sentences. */
  get notices(): readonly string[] {
    const ill = this.#endpoints.flatMap(({ name, healthy, ejected, guard }) => {
      const why = !healthy
        ? 'its checks fail'
        : ejected
          ? 'put aside'
          : guard.refusal() === null
            ? null
            : 'circuit open'
      return why === null ? [] : [`${name} (${why})`]
    })
    const stale = new Set(this.#endpoints.flatMap(endpoint => endpoint.stale ?? []))
    return [
      ...Array.from(
        stale,
        why => `The upstream ${this.name} uses its former files for TLS, as the new ones fail: ${why}.`,
      ),
      ...(ill.length === 0 ? [] : [`The upstream ${this.name} does without ${ill.join(', ')}.`]),
      ...Array.from(this.#trouble, ([url, why]) => `The upstream ${this.name} cannot resolve ${url}: ${why}.`),
    ]
  }

  /** Why no call can be sent now, or null. */
  refusal(): Problem | null {
    return choose(this.#endpoints, []) === null ? this.#refused() : null
  }

  /**
   * Sends a request to one endpoint, and to others when it certainly was not served, or may be served twice and got one of
   * `retryOn`. Throws upstream-failed, circuit-open or bulkhead-full.
   */
  readonly serve = async (ask: Ask): Promise<Reply> => {
    const { budget } = this.#parts
    const first = choose(this.#endpoints, none)
    if (first === null) throw this.#refused()
    budget.deposit()
    const tried: Endpoint[] = []
    for (let endpoint: Endpoint = first; ;) {
      tried.push(endpoint)
      const answer = await endpoint.serve(ask).catch((error: unknown) => Problem.from(error))
      if (events.upstream.hasSubscribers) this.#tell(endpoint, answer)
      const other = this.#another(ask, answer, tried)
      if (other !== null && budget.withdraw()) endpoint = other
      else if (answer instanceof Problem) throw answer
      else return answer
    }
  }

  /** Resolves when a call can be sent, or the signal aborts. */
  async free(signal: Signal): Promise<void> {
    while (this.refusal() !== null && !signal.aborted) {
      const leave = Promise.withResolvers<void>()
      signal.addEventListener('abort', leave.resolve)
      this.#awaited = true
      await Promise.race([this.#free.promise, leave.promise])
      signal.removeEventListener('abort', leave.resolve)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const following of this.#following) following[Symbol.dispose]()
    for (const checks of this.#checks.values()) checks[Symbol.dispose]()
    this.#outliers?.[Symbol.dispose]()
    const all = [...this.#known.values()]
    this.#known.clear()
    this.#endpoints = []
    await Promise.all(all.map(endpoint => endpoint[Symbol.asyncDispose]()))
  }

  /** Where it is tried next, or null. */
  #another(ask: Ask, answer: Reply | Problem, tried: readonly Endpoint[]): Endpoint | null {
    if (tried.length >= this.#options.attempts || !this.#mayRepeat(ask, answer)) return null
    return choose(this.#endpoints, tried)
  }

  #mayRepeat(ask: Ask, answer: Reply | Problem): boolean {
    if (ask.signal.aborted) return false
    if (answer instanceof Problem)
      return answer.outcome === 'not-sent' || (answer.outcome === 'in-doubt' && isIdempotent(ask))
    return this.#retryOn.has(answer.status) && isIdempotent(ask)
  }

  #refused(): Problem {
    const { name } = this
    const endpoints = this.#endpoints
    if (endpoints.length === 0) return failed(`The upstream ${name} has no address yet.`, 'not-sent')
    const well = endpoints.filter(({ healthy }) => healthy)
    if (well.length === 0) return failed(`No address of the upstream ${name} passes its checks.`, 'not-sent')
    const open = well.map(({ guard }) => guard.refusal()).filter(refusal => refusal !== null)
    const [first] = open
    if (first !== undefined && open.length === well.length) return first
    const limit = this.#options.connections * well.length
    const detail = `${limit} calls are under way to the upstream ${name} already.`
    return new Problem('bulkhead-full', detail, { policy: 'upstream', limit, observed: limit, retryAfterMs: 1_000 })
  }

  #follow(url: string, discovery: DiscoveryOptions): Following {
    return new Following(url, discovery, {
      found: places => {
        this.#trouble.delete(url)
        this.#place(url, places)
      },
      failed: error => void this.#trouble.set(url, (error as NodeJS.ErrnoException).code ?? error.message),
    })
  }

  /** From now on these are the endpoints of a URL. What is gone ends what it has under way. */
  #place(url: string, places: readonly (Place | null)[]): void {
    const keyOf = (place: Place | null): string => (place === null ? url : `${url} ${place.host} ${place.port}`)
    const wanted = new Map(places.map(place => [keyOf(place), place]))
    for (const [key, endpoint] of this.#known)
      if ((key === url || key.startsWith(`${url} `)) && !wanted.has(key)) this.#drop(key, endpoint)
    for (const [key, place] of wanted) if (!this.#known.has(key)) this.#add(key, url, place)
    this.#endpoints = [...this.#known.values()]
    this.#wake()
  }

  #add(key: string, url: string, place: Place | null): void {
    const { name, checks } = this.#options
    const wake = (): void => this.#wake()
    const label = place === null ? new URL(url).host : `${place.host}:${place.port}`
    const endpoint = new Endpoint(
      { ...this.#options, tls: this.#options.tls, url, place },
      this.#parts.guard(label),
      wake,
    )
    this.#known.set(key, endpoint)
    if (checks !== undefined) this.#checks.set(endpoint, new Checks(name, endpoint, checks, wake))
    tell(name, endpoint, 'added', url)
  }

  #drop(key: string, endpoint: Endpoint): void {
    this.#known.delete(key)
    this.#checks.get(endpoint)?.[Symbol.dispose]()
    this.#checks.delete(endpoint)
    tell(this.name, endpoint, 'removed', 'its name does not stand for it any more')
    void endpoint.retire()
  }

  #wake(): void {
    if (!this.#awaited) return
    this.#awaited = false
    this.#free.resolve()
    this.#free = Promise.withResolvers()
  }

  #tell({ name }: Endpoint, answer: Reply | Problem): void {
    const result = answer instanceof Problem ? answer.code : `${Math.floor(answer.status / 100)}xx`
    events.upstream.publish({ upstream: this.name, endpoint: name, result })
  }
}

const none: readonly Endpoint[] = []
