import type { BulkheadOptions } from '../../../config/schema/index.ts'
import type { Call } from '../../call.ts'
import { since } from '../../clock.ts'
import { events } from '../../events.ts'
import { RateReduction } from './reduction.ts'
import { GradientLimit } from './gradient.ts'
import type { Excused } from './gradient.ts'

/** How many commands of a worker may be in flight: a fixed number, or what the gradient allows; less what a silence keeps. */
export class ConcurrencyLimit {
  readonly #worker: string
  readonly #slots: number
  readonly #gradient: GradientLimit | null // null: a fixed limit
  readonly #concluded: () => boolean
  #silent = 0 // slots that calls without an answer have given back: whoever got one would most likely wait in vain
  #reduction: RateReduction | null = null // while more is in flight than the limit, which has just been lowered

  /** `concluded`: whether somebody else draws the conclusion already when the worker is silent. */
  constructor(worker: string, { limit, slots, min, slackMs }: BulkheadOptions, concluded: () => boolean) {
    this.#worker = worker
    this.#slots = slots
    this.#gradient = limit === 'fixed' ? null : new GradientLimit({ min: Math.min(min, slots), max: slots, slackMs })
    this.#concluded = concluded
  }

  get adaptive(): boolean {
    return this.#gradient !== null
  }

  /** At present. */
  get limit(): number {
    return Math.max(0, (this.#gradient?.limit ?? this.#slots) - this.#kept)
  }

  /** Without regard to a probe. */
  get steady(): number {
    return this.#gradient?.steady ?? this.#slots
  }

  /** What it would be if all of it were used. */
  get judged(): number {
    return this.#gradient?.judged ?? this.#slots
  }

  /** What replies took in the last window, and take when nothing queues, in ms; null where nobody looks. */
  get times(): Readonly<{ sampleMs: number | null; floorMs: number | null }> {
    return { sampleMs: this.#gradient?.sampleMs ?? null, floorMs: this.#gradient?.floorMs ?? null }
  }

  /** What replies of the slowest route take at present, in ms; 0 before they are known, and where nobody looks. */
  get slowestMs(): number {
    return this.#gradient?.slowestMs ?? 0
  }

  /** To be asked where calls are kept waiting. True when there may be more at once. */
  hurry(): boolean {
    return this.#gradient?.hurry() === true
  }

  /** Which window of the limit a call belongs to, if any: asked once it has its slot, with so many in flight, told when it ends. `share` is how much of a window may be of its partition. */
  begin(inFlight: number, partition = 0, share = 1): number | null {
    // on the way down the queue in the topic is still that of the old limit, and says nothing of the new one
    return this.#gradient === null || this.#reduction !== null ? null : this.#gradient.begin(inFlight, partition, share)
  }

  /** What a call says of the worker, if anything, with so many in flight, itself included; `silent`: it was not answered. */
  learn(
    { progress, started, route }: Call,
    phase: number | null,
    silent: boolean,
    inFlight: number,
    excused: Excused,
  ): void {
    const gradient = this.#gradient
    if (silent) this.#silent++
    if (gradient === null) return
    // no time: it was refused further in, or the reply overtook the acknowledgement
    if (progress.workerMs > 0) {
      if (gradient.reply(progress.workerMs, phase, inFlight, excused, route)) this.#turn(gradient, inFlight)
    } else if (silent) {
      const waitedMs = since(started) - progress.queueMs - progress.publishMs
      if (gradient.timeout(waitedMs, inFlight, excused, route)) this.#turn(gradient, inFlight)
    } else gradient.skip(phase)
  }

  /** The worker has said something. */
  heard(): void {
    this.#silent = 0
  }

  /** A slot was given back, and so many are taken: how many may be, those included who are let in on the way down. */
  left(inFlight: number): number {
    if (inFlight === 0) this.#silent = 0
    const { limit } = this
    if (inFlight <= limit) this.#reduction = null
    // a probe wants to see the topic without a queue
    const passes = limit === this.steady && this.#reduction?.passes(inFlight, limit) === true
    return passes ? Math.max(limit, inFlight + 1) : limit
  }

  /** Kept until the worker is heard of; not where the conclusion is drawn already, as by an open circuit, which refuses at once. */
  get #kept(): number {
    return this.#silent > 0 && !this.#concluded() ? this.#silent : 0
  }

  #turn({ steady, floorMs, sampleMs }: GradientLimit, inFlight: number): void {
    this.#reduction = inFlight > steady ? (this.#reduction ?? new RateReduction()) : null
    if (!events.limited.hasSubscribers) return
    events.limited.publish({ worker: this.#worker, limit: steady, floorMs, sampleMs })
  }
}
