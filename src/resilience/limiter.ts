import { later, now, since, until } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { Floor } from './floor.ts'
import { spread } from './refusal.ts'

/** Whether what was seen since then, of one partition or of all, may be our own fault, and so says nothing about the worker. */
export type Excused = (since: Instant, partition?: number) => boolean
export type LimiterOptions = Readonly<{ min: number; max: number; slackMs: number }>

const enough = 10 // samples of a window, and it lasts at least
const leastMs = 100
const longestMs = 60_000 // what is older than this says nothing of today
const kept = 128 // samples, the latest of a window
const atRest = 3 // windows in a row at the minimum: nothing truer can be seen
const pressedFor = 10 // windows in a row in which the limit was reached, before a probe is worth what it costs
const firstProbeMs = 3_000
const probeMs = 30_000
const most = 2
const least = 0.5

/**
 * How many commands a worker may have in flight, by the time from acknowledgement to reply: a window's median against the
 * floor, as in the gradient controller of Envoy's adaptive concurrency filter (2019), with the square root of the limit as
 * headroom. A window holds only calls that began in it, so that a change is judged by its own effects; while it is judged
 * the limit stays. Timeouts cut the growth and take half of their share away (after DCTCP, Alizadeh et al. 2010): one lost
 * partition must not bring the limit of all to its minimum. Now and then, and only when the limit is reached, it falls to
 * the minimum until the queue in the topic has drained and the floor is seen.
 */
export class Limiter {
  readonly #options: LimiterOptions
  readonly #floor = new Floor()
  readonly #samples = new Float64Array(kept)
  #steady: number
  #phase = 0
  #count = 0
  #timeouts = 0
  #used = 0
  #begun = now()
  #sampleMs = 0
  #resting = 0
  #pressed = 0
  #probed: Instant | null = null // when the probe that is under way began
  #probeAt = later(spread(firstProbeMs))

  constructor(options: LimiterOptions) {
    this.#options = options
    this.#steady = options.max
  }

  /** How many may be in flight at present. */
  get limit(): number {
    return this.#probed === null ? this.#steady : this.#options.min
  }

  /** The same, without regard to a probe: what is derived from the limit must not shake with it. */
  get steady(): number {
    return this.#steady
  }

  /** Of the last window, in milliseconds; 0 before. */
  get sampleMs(): number {
    return this.#sampleMs
  }

  /** Null before the first window. */
  get floorMs(): number | null {
    return this.#floor.ms === Infinity ? null : this.#floor.ms
  }

  /** Which window a call begins in: it is told with the call's sample. */
  get phase(): number {
    return this.#phase
  }

  /** A reply after `ms`, with so many in flight, itself included. True when a window has ended. */
  reply(ms: number, phase: number, inFlight: number, excused: Excused): boolean {
    return phase === this.#phase && this.#take(ms, inFlight, excused)
  }

  /** No reply within `ms`: a sample of whatever window it ends in, and a drop. */
  timeout(ms: number, inFlight: number, excused: Excused): boolean {
    this.#timeouts++
    return this.#take(ms, inFlight, excused)
  }

  /** To be asked where calls are kept waiting: a probe that nobody answers ends too. True when it did. */
  hurry(): boolean {
    if (this.#probed === null || since(this.#probed) <= 3 * this.#sampleMs + leastMs) return false
    this.#endProbe()
    return true
  }

  #take(ms: number, inFlight: number, excused: Excused): boolean {
    this.#samples[this.#count++ % kept] = ms
    this.#used = Math.max(this.#used, inFlight)
    if (this.#probed !== null) {
      if (this.#count < Math.min(enough, this.#options.min)) return false
      if (this.#answered && !excused(this.#begun)) this.#floor.restart(this.#median())
      this.#endProbe()
      return true
    }
    if (this.#count < enough) return false
    const ageMs = since(this.#begun)
    if (ageMs < leastMs) return false
    if (ageMs <= longestMs) {
      if (this.#isQuick || !excused(this.#begun)) this.#judge()
      // it is no judgement, but the floor is not higher: else the first storm would be taken for it
      else if (this.#answered) this.#floor.see(this.#median())
    }
    this.#begin()
    return true
  }

  #judge(): void {
    const { min, max, slackMs } = this.#options
    const limit = this.#steady
    const sampleMs = (this.#sampleMs = this.#median())
    this.#resting = limit === min ? this.#resting + 1 : 0
    if (this.#answered && this.#resting >= atRest) this.#floor.restart(sampleMs)
    else if (this.#answered) this.#floor.see(sampleMs)

    const lost = this.#timeouts / this.#count
    const tolerated = (this.#floor.ms + slackMs) / sampleMs
    const aimed = limit * Math.min(lost > 0 ? 1 : most, Math.max(least, tolerated))
    const next = Math.round((aimed + Math.sqrt(aimed)) * (1 - lost / 2))
    const idle = this.#used * 2 < limit // what is not used cannot be judged
    const grown = idle ? limit : limit * most
    this.#pressed = this.#used >= limit ? this.#pressed + 1 : 0
    this.#steady = Math.min(max, Math.max(min, Math.min(grown, Math.max(Math.ceil(limit * least), next))))
    if (this.#pressed >= pressedFor && this.#steady > min && until(this.#probeAt) === 0) this.#probed = now()
  }

  #endProbe(): void {
    this.#probed = null
    this.#probeAt = later(spread(probeMs)) // instances that probe together would see each other's queue
    this.#begin()
  }

  #begin(): void {
    this.#phase = (this.#phase + 1) & 0xffff
    this.#count = this.#timeouts = this.#used = 0
    this.#begun = now()
  }

  /** Whether nothing was slow: our own fault may make a sample longer, but not shorter. */
  get #isQuick(): boolean {
    const floorMs = this.#floor.ms
    return floorMs < Infinity && this.#median() <= floorMs + this.#options.slackMs
  }

  /** Whether the median is the time of a reply. */
  get #answered(): boolean {
    return this.#timeouts * 2 < this.#count
  }

  #median(): number {
    const samples = this.#samples.subarray(0, Math.min(this.#count, kept)).sort()
    return samples[samples.length >> 1] as number
  }
}
