import type { BulkheadOptions } from '../../../config/schema/index.ts'
import type { Call } from '../../call.ts'
import { since } from '../../clock.ts'
import { events } from '../../events.ts'
import { Descent } from './descent.ts'
import { Limiter } from './limiter.ts'
import type { Excused } from './limiter.ts'
import { Silence } from './silence.ts'

/** How many commands of a worker may be in flight: always as many, or as the limiter says; less what a silence keeps. */
export class Allowance {
  readonly #worker: string
  readonly #slots: number
  readonly #limiter: Limiter | null // null: a fixed limit
  readonly #silence: Silence
  #descent: Descent | null = null // while more is in flight than the limit, which has just been lowered

  /** `concluded`: whether somebody else draws the conclusion already when the worker is silent. */
  constructor(worker: string, { limit, slots, min, slackMs }: BulkheadOptions, concluded: () => boolean) {
    this.#worker = worker
    this.#slots = slots
    this.#limiter = limit === 'fixed' ? null : new Limiter({ min: Math.min(min, slots), max: slots, slackMs })
    this.#silence = new Silence(concluded)
  }

  get adaptive(): boolean {
    return this.#limiter !== null
  }

  /** At present. */
  get limit(): number {
    return Math.max(0, (this.#limiter?.limit ?? this.#slots) - this.#silence.slots)
  }

  /** Without regard to a probe. */
  get steady(): number {
    return this.#limiter?.steady ?? this.#slots
  }

  /** What it would be if all of it were used. */
  get judged(): number {
    return this.#limiter?.judged ?? this.#slots
  }

  /** What replies took in the last window, and take when nothing queues, in ms; null where nobody looks. */
  get times(): Readonly<{ sampleMs: number | null; floorMs: number | null }> {
    return { sampleMs: this.#limiter?.sampleMs ?? null, floorMs: this.#limiter?.floorMs ?? null }
  }

  /** What replies of the slowest route take at present, in ms; 0 before they are known, and where nobody looks. */
  get slowestMs(): number {
    return this.#limiter?.slowestMs ?? 0
  }

  /** To be asked where calls are kept waiting. True when there may be more at once. */
  hurry(): boolean {
    return this.#limiter?.hurry() === true
  }

  /** Which window of the limit a call belongs to, if any: asked once it has its slot, with so many in flight, told when it ends. */
  begin(inFlight: number): number | null {
    // on the way down the queue in the topic is still that of the old limit, and says nothing of the new one
    return this.#limiter === null || this.#descent !== null ? null : this.#limiter.begin(inFlight)
  }

  /** What a call says of the worker, if anything, with so many in flight, itself included; `silent`: it was not answered. */
  learn(
    { progress, started, route }: Call,
    phase: number | null,
    silent: boolean,
    inFlight: number,
    excused: Excused,
  ): void {
    const limiter = this.#limiter
    if (silent) this.#silence.keep()
    if (limiter === null) return
    // no time: it was refused further in, or the reply overtook the acknowledgement
    if (progress.workerMs > 0) {
      if (limiter.reply(progress.workerMs, phase, inFlight, excused, route)) this.#turn(limiter, inFlight)
    } else if (silent) {
      const waitedMs = since(started) - progress.queueMs - progress.publishMs
      if (limiter.timeout(waitedMs, inFlight, excused, route)) this.#turn(limiter, inFlight)
    } else limiter.skip(phase)
  }

  /** The worker has said something. */
  heard(): void {
    this.#silence.end()
  }

  /** A slot was given back, and so many are taken: how many may be, those included who are let in on the way down. */
  left(inFlight: number): number {
    if (inFlight === 0) this.#silence.end()
    const { limit } = this
    if (inFlight <= limit) this.#descent = null
    // a probe wants to see the topic without a queue
    const passes = limit === this.steady && this.#descent?.passes(inFlight, limit) === true
    return passes ? Math.max(limit, inFlight + 1) : limit
  }

  #turn({ steady, floorMs, sampleMs }: Limiter, inFlight: number): void {
    this.#descent = inFlight > steady ? (this.#descent ?? new Descent()) : null
    if (!events.limited.hasSubscribers) return
    events.limited.publish({ worker: this.#worker, limit: steady, floorMs, sampleMs })
  }
}
