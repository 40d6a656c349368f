import { later, now, since, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { WindowMembers } from './members.ts'
import { floorOf, middleOf, restart, see } from './middle.ts'
import type { Middle } from './middle.ts'
import { ReplyTimes } from './replytimes.ts'
import { spread } from '../refusal.ts'

/** Whether what was seen since then, of one partition or of all, may be our own fault, and so says nothing about the worker. */
export type Excused = (since: Instant, partition?: number) => boolean
export type GradientOptions = Readonly<{ min: number; max: number; slackMs: number }>

const leastMs = 100 // from a change of the limit to the calls by which it is judged
const enough = 10 // of them, or as many as are in flight
const kept = 128 // and no more
const nearlyAll = 0.8 // have ended when it is judged: of the slowest quarter it is enough to know that it is slower
const longestMs = 60_000 // what is older than this says nothing of today
const atRest = 3 // windows in a row at the minimum: nothing truer can be seen
const pressedFor = 10 // windows in a row in which the limit was reached, before a probe is worth what it costs
const firstProbeMs = 3_000
const probeMs = 30_000
const most = 2
const least = 0.5
const atHand = 1 / 8 // of the slots: open to a burst, however little was used before

/**
 * How many commands a worker may have in flight, by the time from acknowledgement to reply: what is usual in a window against
 * the floor, as in the gradient controller of Envoy's adaptive concurrency filter (2019), with the square root of the limit as
 * headroom, or the slack where that is more. A window holds only calls that began in it, so that a change is judged by its own
 * effects, and waits for nearly all of them, as the first to end are the quickest; while it is judged the limit stays. Timeouts
 * cut the growth and take half of their share away (after DCTCP, Alizadeh et al. 2010): one lost partition must not bring the
 * limit of all to its minimum. While less than half of it is used only timeouts lower it (as in Netflix's Gradient2Limit, 2018):
 * fewer slots would shorten nobody's wait, and refuse whoever comes with the next burst. Now and then, and only when the limit is
 * reached, it falls to the minimum until the queue in the topic has drained and the floor is seen.
 *
 * Each route has a floor of its own, and a window is compared with the floors of those whose calls it holds: that another, slower
 * kind of work has come is no queue in the topic.
 *
 * What nobody has used for a while is a guess, and a storm would put all of it into the topic before the first window is
 * judged. So no more is open than twice what was in use lately, and each quick reply to a call that began while it was used
 * opens one more, up to twice as much in a window: slow start (Jacobson 1988) after an idle time (RFC 7661).
 */
export class GradientLimit {
  readonly #options: GradientOptions
  readonly #routes = new Map<string, ReplyTimes>()
  readonly #samples = new Float64Array(kept)
  readonly #of: ReplyTimes[] = [] // of the route that a sample is of
  #judged: number
  #proven: number
  #provable: number // in this window
  #phase = 0
  #opensAt = now()
  readonly #members = new WindowMembers()
  #count = 0
  #timeouts = 0
  #used = 0
  #calmAt = now() // the last call that began with less than half of what is open in use
  #begun = now()
  #sampleMs = 0
  #floorMs = Infinity
  #resting = 0
  #pressed = 0
  #probed: Instant | null = null // when the probe that is under way began
  #probeAt = later(spread(firstProbeMs))

  constructor(options: GradientOptions) {
    this.#options = options
    this.#judged = this.#proven = this.#provable = options.max
  }

  /** How many may be in flight at present. */
  get limit(): number {
    return this.#probed === null ? this.steady : this.#options.min
  }

  /** The same, without regard to a probe: what is derived from the limit must not shake with it. */
  get steady(): number {
    return Math.min(this.#judged, this.#proven)
  }

  /** What it may grow to at once when it is used: all slots, until a window has said otherwise. */
  get judged(): number {
    return this.#judged
  }

  /** Of the last window, in milliseconds; 0 before. */
  get sampleMs(): number {
    return this.#sampleMs
  }

  /** The same where nothing queues: of the routes that the last window has seen. Null before. */
  get floorMs(): number | null {
    return this.#floorMs === Infinity ? null : this.#floorMs
  }

  /** What replies of the slowest route take at present, in milliseconds; 0 before they are known. */
  get slowestMs(): number {
    let slowest = 0
    for (const { usualMs } of this.#routes.values()) slowest = Math.max(slowest, usualMs)
    return slowest
  }

  /**
   * To be told of each call that takes a slot, with so many in flight, itself included: which window it belongs to, if any.
   * That is told again when it ends. `share` is how much of a window may be of its partition.
   */
  begin(inFlight: number, partition = 0, share = 1): number | null {
    this.#used = Math.max(this.#used, inFlight)
    if (inFlight * most < this.#proven) this.#calmAt = now()
    if (until(this.#opensAt) > 0) return null
    return this.#members.join(partition, share, this.#asked) ? this.#phase : null
  }

  /** A reply after `ms`, with so many in flight, itself included. True when a window has ended. */
  reply(ms: number, phase: number | null, inFlight: number, excused: Excused, route = ''): boolean {
    const opens = inFlight * most >= this.#proven && this.#proven < this.#provable && ms <= since(this.#calmAt)
    if (opens && ms <= this.#timesOf(route).floor.ms + this.#options.slackMs) this.#proven++
    return phase === this.#phase && this.#take(ms, inFlight, excused, route)
  }

  /** No reply within `ms`: a sample of whatever window is open when it ends, and a drop. */
  timeout(ms: number, inFlight: number, excused: Excused, route = ''): boolean {
    if (until(this.#opensAt) > 0) return false // it was one of many, for which the limit has fallen already
    this.#timeouts++
    return this.#take(ms, inFlight, excused, route)
  }

  /** It ended without saying anything of the worker. */
  skip(phase: number | null): void {
    if (phase === this.#phase) this.#members.skip()
  }

  /** To be asked where calls are kept waiting: a probe that nobody answers ends too. True when it did. */
  hurry(): boolean {
    if (this.#probed === null || since(this.#probed) <= 3 * this.slowestMs + leastMs) return false
    this.#endProbe()
    return true
  }

  #take(ms: number, inFlight: number, excused: Excused, route: string): boolean {
    this.#of[this.#count] = this.#timesOf(route)
    this.#samples[this.#count++] = ms // a window ends before they are full
    this.#used = Math.max(this.#used, inFlight)
    if (this.#count < this.#asked * nearlyAll) return false
    const middle = middleOf(this.#samples.subarray(0, this.#count), this.#of, this.#members.count)
    if (this.#probed !== null) {
      if (this.#answered && !excused(this.#begun)) restart(middle)
      this.#floorMs = floorOf(middle)
      this.#endProbe()
      return true
    }
    const fresh = since(this.#begun) <= longestMs
    // our own fault may make a sample longer, but not shorter
    const quick = middle.known && middle.sampleMs <= middle.floorMs + this.#options.slackMs
    if (fresh && (quick || !excused(this.#begun))) this.#judge(middle)
    else {
      // it is no judgement, but the floor is not higher: else the first storm would be taken for it
      if (fresh && this.#answered) see(middle)
      if (fresh) this.#floorMs = floorOf(middle)
      this.#begin(false)
    }
    return true
  }

  /** So many calls make a window. */
  get #asked(): number {
    return this.#probed === null ? Math.min(kept, Math.max(enough, this.#used)) : Math.min(enough, this.#options.min)
  }

  #judge(middle: Middle): void {
    const { min, max, slackMs } = this.#options
    const limit = this.steady
    const sampleMs = (this.#sampleMs = middle.sampleMs)
    for (const [times, { ms, count }] of middle.routes) times.look(ms, count)
    this.#resting = limit === min ? this.#resting + 1 : 0
    if (this.#answered && this.#resting >= atRest) restart(middle)
    else if (this.#answered) see(middle)
    const floorMs = (this.#floorMs = floorOf(middle))

    const lost = this.#timeouts / this.#count
    const roomMs = floorMs / (1 - 1 / Math.sqrt(limit))
    const tolerated = Math.max(floorMs + slackMs, roomMs) / sampleMs
    const aimed = limit * Math.min(lost > 0 ? 1 : most, Math.max(least, tolerated))
    const next = lost > 0 ? (aimed + Math.sqrt(aimed)) * (1 - lost / 2) : aimed
    const idle = this.#used * 2 < limit // what is not used cannot be judged: it would be cut for a wait that it does not cause
    const grown = idle ? limit : limit * most
    const fallen = idle && lost === 0 ? limit : Math.max(min, Math.ceil(limit * least))
    const whole = next > limit ? Math.ceil(next) : Math.floor(next) // a small one must not be stuck
    const judged = Math.min(max, Math.max(fallen, Math.min(grown, whole)))
    this.#pressed = this.#used >= limit ? this.#pressed + 1 : 0
    const byUse = limit < this.#judged // it is use that holds it down, not the worker
    if (!byUse || judged < limit) this.#judged = judged
    if (!byUse) this.#proven = Math.max(this.#proven, judged)
    if (this.#used * most < this.#proven)
      this.#proven = Math.max(this.#used * most, Math.ceil(this.#proven * least), this.#spare)
    if (this.#pressed >= pressedFor && judged > min && until(this.#probeAt) === 0) this.#probed = now()
    this.#begin(judged > limit)
  }

  #endProbe(): void {
    this.#probed = null
    this.#probeAt = later(spread(probeMs)) // instances that probe together would see each other's queue
    this.#begin(true)
  }

  /** After it has grown the first calls meet fewer in flight than the limit allows, and would speak well of it. */
  #begin(grown: boolean): void {
    this.#phase = (this.#phase + 1) & 0xffff
    this.#opensAt = later(this.#probed === null ? Math.max(leastMs, grown ? this.#sampleMs : 0) : 0)
    this.#members.clear()
    this.#count = this.#timeouts = this.#used = 0
    this.#begun = now()
    this.#provable = Math.min(this.#options.max, this.#proven * most)
  }

  /** What stays open to a burst when nothing is used. */
  get #spare(): number {
    return Math.max(this.#options.min, Math.round(this.#options.max * atHand))
  }

  /** Whether what is looked at are the times of replies. */
  get #answered(): boolean {
    return this.#timeouts * 4 < this.#count
  }

  #timesOf(route: string): ReplyTimes {
    let times = this.#routes.get(route)
    if (times === undefined) this.#routes.set(route, (times = new ReplyTimes())) // routes are configured: a few
    return times
  }
}
