import { getHeapStatistics } from 'node:v8'
import type { OverloadOptions } from '../../../config/schema/index.ts'
import type { Entrance, Entrant, Priority } from '../../call.ts'
import { every, watchLoop } from '../../clock.ts'
import type { LoopWatch } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Resource } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { pacedMs } from '../../turn.ts'
import { effort } from './effort.ts'
import { SheddingLevel } from './shedding.ts'
import { refusal, soon } from '../refusal.ts'
import type { Refuse } from '../refusal.ts'

const policy = 'overload'
const lookMs = 200
const sampled = ['delay', 'heap', 'connections'] as const

/** What can be read of the process at a moment; `delayMs`: how late the event loop is, or what waits for a turn of it. */
export type Readings = Readonly<{ delayMs: number; heapPercent: number; connectionsPercent: number }>
/** From where to where a growing share of the sheddable calls is refused, and of the normal ones. */
type Marks = Readonly<Record<'sheddable' | 'normal', readonly [none: number, all: number]>>
type Sampled = (typeof sampled)[number]

/** How much of the bytes each class may fill: the last of them are for those that matter. */
const shares: Readonly<Record<Priority, number>> = { sheddable: 0.8, normal: 0.9, critical: 1, health: Infinity }

/**
 * Refuses calls, before their bodies are read, when the process itself suffers: a growing share of the least important ones,
 * as of Envoy's scaled triggers, so that it goes on doing as much as it can. Reads the process on one shared timer.
 */
export class Overload implements Disposable {
  readonly mode: OverloadOptions['mode']
  readonly #marks: Readonly<Record<Sampled, Marks>>
  readonly #bytes: number
  readonly #refuse: Refuse
  readonly #read: () => Readings
  readonly #random: () => number
  readonly #looks: Disposable
  readonly #level = new SheddingLevel()
  #observed: Readonly<Record<Sampled, number>> = { delay: 0, heap: 0, connections: 0 }
  #short: Sampled = 'delay' // what the level comes from
  #held = 0

  constructor(options: OverloadOptions, read: () => Readings, random: () => number = Math.random) {
    const { mode, sheddableDelayMs, normalDelayMs, heapPercent, connectionsPercent, bytes } = options
    this.mode = mode
    this.#marks = {
      delay: {
        sheddable: [sheddableDelayMs / 2, sheddableDelayMs],
        normal: [Math.max(sheddableDelayMs, 0.8 * normalDelayMs), normalDelayMs],
      },
      heap: below(heapPercent),
      connections: below(connectionsPercent),
    }
    this.#bytes = bytes
    this.#refuse = refusal(policy, mode)
    this.#read = read
    this.#random = random
    this.#looks = every(lookMs, () => this.#look())
  }

  /** Where the requests of this entrant come in. */
  entrance(entrant: Entrant): Entrance {
    return {
      refusal: bytes => this.#refusal(entrant, bytes),
      take: (bytes, held) => this.#take(entrant, bytes, held),
      release: bytes => void (this.#held -= bytes),
      crowded: () => this.mode === 'enforce' && this.#level.value > 0 && this.#short === 'connections',
    }
  }

  /** For people: what is observed, and which share of a class is refused. */
  get state(): Readonly<Record<Resource | 'refused', unknown>> {
    const [sheddable, normal] = [this.#level.shareOf('sheddable'), this.#level.shareOf('normal')]
    return { ...this.#observed, bytes: this.#held, refused: { sheddable, normal } }
  }

  [Symbol.dispose](): void {
    this.#looks[Symbol.dispose]()
  }

  #refusal(entrant: Entrant, bytes: number): Problem | null {
    const { priority } = entrant
    if (this.#level.value > 0) {
      const share = this.#level.shareOf(priority)
      if (share > 0 && this.#random() < share) return this.#refuse(entrant, this.#shortage(priority))
    }
    if (bytes > 0 && this.#held > 0 && this.#held + bytes > this.#bytes * shares[priority])
      return this.#refuse(entrant, this.#full(bytes, priority))
    return null
  }

  #take(entrant: Entrant, bytes: number, held: number): Problem | null {
    this.#held += bytes
    // one that is alone is bounded by its route; what has begun may use all that there is
    if (this.#held <= this.#bytes || this.#held - bytes === held || entrant.priority === 'health') return null
    return this.#refuse(entrant, this.#full(0, 'critical'))
  }

  #look(): void {
    const { delayMs, heapPercent, connectionsPercent } = this.#read()
    this.#observed = { delay: delayMs, heap: heapPercent, connections: connectionsPercent }
    let wanted = 0
    for (const resource of sampled) {
      const here = levelAt(this.#observed[resource], this.#marks[resource])
      if (here > wanted) this.#short = resource
      wanted = Math.max(wanted, here)
    }
    const before = this.#level.value
    this.#level.move(wanted)
    const shedding = this.#level.value > 0
    if (shedding !== before > 0) events.overload.publish({ shedding, detail: shedding ? this.#told('normal') : '' })
    if (events.pressure.hasSubscribers)
      events.pressure.publish({
        delay: this.#observed.delay / this.#marks.delay.normal[1],
        heap: this.#observed.heap / this.#marks.heap.normal[1],
        connections: this.#observed.connections / this.#marks.connections.normal[1],
        bytes: this.#held / this.#bytes,
      })
  }

  #shortage(priority: Priority): Problem {
    const limit = this.#limit(priority)
    const observed = Math.round(this.#observed[this.#short])
    return new Problem('overloaded', this.#told(priority), { policy, limit, observed, retryAfterMs: soon() })
  }

  #limit(priority: Priority): number {
    return this.#marks[this.#short][priority === 'sheddable' ? 'sheddable' : 'normal'][1]
  }

  #told(priority: Priority): string {
    const observed = Math.round(this.#observed[this.#short])
    const limit = this.#limit(priority)
    if (this.#short === 'delay')
      return `The process is ${observed} ms late; from ${limit} ms on no ${priority} call is served.`
    const what = this.#short === 'heap' ? 'of the heap is in use' : 'of the connections are open'
    return `${observed} % ${what}; from ${limit} % on no ${priority} call is served.`
  }

  #full(bytes: number, priority: Priority): Problem {
    const limit = Math.floor(this.#bytes * shares[priority])
    const detail = `The bodies of all requests may have ${limit} bytes together.`
    return new Problem('overloaded', detail, { policy, limit, observed: this.#held + bytes, retryAfterMs: soon() })
  }
}

const below = (percent: number): Marks => ({
  sheddable: [Math.max(0, percent - 10), Math.max(0, percent - 5)],
  normal: [Math.max(0, percent - 5), percent],
})

/** From 0 to 2: the share of the sheddable calls, and that of the normal ones. */
const levelAt = (observed: number, { sheddable, normal }: Marks): number =>
  shareAt(observed, sheddable) + shareAt(observed, normal)

function shareAt(observed: number, [none, all]: readonly [number, number]): number {
  if (observed >= all) return 1
  return observed <= none ? 0 : (observed - none) / (all - none)
}

/** Less of a processor than this, and a process is late because of others: to refuse what it is asked would not make it any quicker. */
const ownEffort = 0.05

/** Reads this process; `connections` is how many are open, `most` how many may be. */
export function readingsOf(
  connections: () => number,
  most: number,
  share: () => number = effort(),
): Disposable & Readonly<{ read: () => Readings }> {
  const loop: LoopWatch = watchLoop(lookMs)
  return {
    read: () => {
      const lateMs = Math.max(loop.read(), pacedMs())
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
      return {
        delayMs: share() < ownEffort ? 0 : lateMs,
        heapPercent: (used / limit) * 100,
        connectionsPercent: (connections() / most) * 100,
      }
    },
    [Symbol.dispose]: () => loop[Symbol.dispose](),
  }
}
