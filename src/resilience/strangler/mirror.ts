import { Aborter } from '../../aborter.ts'
import { unsent } from '../../call.ts'
import type { Call, Reply, Service } from '../../call.ts'
import { isoTime, later, now, wallClock } from '../../clock.ts'
import { events } from '../../events.ts'
import type { MirrorResult } from '../../events.ts'
import { comparison } from './compare.ts'
import type { Difference } from './compare.ts'

export type MirrorOptions = Readonly<{
  percent: number // of the calls whose method may be mirrored
  methods: readonly string[]
  ignore: readonly string[]
  concurrency: number // copies under way; beyond it none is made
}>
/** What the copies showed. No values: they may be secret, and the id of the call finds them. */
export type MirrorReport = Readonly<{
  percent: number
  compared: number
  same: number
  different: number
  failed: number // copies without an answer
  skipped: number // too many were under way
  places: Readonly<Record<Difference, number>>
  latest: readonly Readonly<{ at: string; call: string; differences: readonly Difference[] }>[]
}>

const mostPlaces = 100
const mostLatest = 20

/** Sends copies of calls to the other side, and compares the answers: nobody gets that of a copy. */
export class Mirror {
  percent: number
  readonly #route: string
  readonly #options: MirrorOptions
  readonly #differences: (a: Reply, b: Reply) => readonly Difference[]
  readonly #places = new Map<Difference, number>()
  #latest: MirrorReport['latest'] = []
  #underWay = 0
  readonly #counts = { same: 0, different: 0, failed: 0, skipped: 0 }

  constructor(route: string, options: MirrorOptions, headers: readonly string[]) {
    this.percent = options.percent
    this.#route = route
    this.#options = options
    this.#differences = comparison(options.ignore, headers)
  }

  get report(): MirrorReport {
    const { same, different, failed, skipped } = this.#counts
    const places = Object.fromEntries([...this.#places].toSorted(([, a], [, b]) => b - a))
    return {
      percent: this.percent,
      compared: same + different,
      same,
      different,
      failed,
      skipped,
      places,
      latest: this.#latest,
    }
  }

  /** Whether a copy of the call is made. */
  wants({ told }: Pick<Call, 'told'>): boolean {
    return this.percent > 0 && this.#options.methods.includes(told.method) && Math.random() * 100 < this.percent
  }

  /** Makes a copy, once the true answer is there, so that it does not compete with it. Never throws. */
  async copy(call: Call, answer: Reply, other: Service<Call, Reply>): Promise<void> {
    if (this.#underWay >= this.#options.concurrency) return this.#count('skipped')
    this.#underWay++
    const aborter = new Aborter()
    const deadline = later(call.deadline - call.started)
    const copy: Call = {
      ...call,
      started: now(),
      deadline,
      expires: deadline,
      priority: 'sheddable',
      aborter,
      signal: aborter,
      progress: unsent(),
      accepts: null,
      repeat: null,
      fault: null,
    }
    try {
      const reply = await other(copy)
      this.#note(call, this.#differences(answer, reply))
    } catch {
      this.#count('failed')
    } finally {
      this.#underWay--
    }
  }

  #note({ id }: Call, differences: readonly Difference[]): void {
    this.#count(differences.length === 0 ? 'same' : 'different')
    if (differences.length === 0) return
    for (const place of differences)
      if (this.#places.has(place) || this.#places.size < mostPlaces)
        this.#places.set(place, (this.#places.get(place) ?? 0) + 1)
    this.#latest = [{ at: isoTime(wallClock()), call: id, differences }, ...this.#latest].slice(0, mostLatest)
  }

  #count(result: MirrorResult): void {
    this.#counts[result]++
    if (events.mirrored.hasSubscribers) events.mirrored.publish({ route: this.#route, result })
  }
}
