import { after } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Sink } from '../../feed.ts'
import { Problem } from '../../problem.ts'

export type ClientLimits = Readonly<{ clients: number; clientsPerAddress: number; retryMs: number }>

/** Half of it to one and a half: those who were sent away together do not come back together. */
export const jittered = (retryMs: number): number => Math.round(retryMs * (0.5 + Math.random()))

/** Who hears a stream at present: counted, bounded, and sent away when the instance stops. */
export class Clients {
  readonly #route: string
  readonly #limits: ClientLimits
  readonly #sinks = new Set<Sink>()
  readonly #byAddress = new Map<string, number>()
  #closing = false

  constructor(route: string, limits: ClientLimits) {
    this.#route = route
    this.#limits = limits
  }

  get size(): number {
    return this.#sinks.size
  }

  /** Why there is no room for one more of this address, or null. */
  refusal(address: string): Problem | null {
    const { clients, clientsPerAddress, retryMs } = this.#limits
    const retryAfterMs = jittered(retryMs)
    if (this.#closing) return new Problem('draining', 'The gateway is stopping.', { retryAfterMs })
    const observed = this.#byAddress.get(address) ?? 0
    if (observed >= clientsPerAddress) return this.#full('of one address', clientsPerAddress, observed)
    return this.#sinks.size >= clients ? this.#full('of the route', clients, this.#sinks.size) : null
  }

  #full(whose: string, limit: number, observed: number): Problem {
    this.#tell('refused')
    const retryAfterMs = jittered(this.#limits.retryMs)
    return new Problem('stream-full', `The most clients ${whose} are connected.`, { limit, observed, retryAfterMs })
  }

  /** Counts it until it is disposed of. */
  enter(address: string, sink: Sink): Disposable {
    this.#sinks.add(sink)
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
    this.#tell('joined')
    return {
      [Symbol.dispose]: () => {
        if (!this.#sinks.delete(sink)) return
        const left = (this.#byAddress.get(address) ?? 1) - 1
        if (left === 0) this.#byAddress.delete(address)
        else this.#byAddress.set(address, left)
        this.#tell('left')
      },
    }
  }

  lagged(): void {
    this.#tell('lagging')
  }

  /** Ends all of them, spread over so long, and takes nobody new. */
  end(overMs: number): void {
    this.#closing = true
    const sinks = [...this.#sinks]
    for (const [at, sink] of sinks.entries())
      after((overMs * at) / sinks.length, () => sink.end(jittered(this.#limits.retryMs)))
  }

  #tell(kind: 'joined' | 'left' | 'lagging' | 'refused'): void {
    if (events.stream.hasSubscribers) events.stream.publish({ route: this.#route, kind, clients: this.#sinks.size })
  }
}
