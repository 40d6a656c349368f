import { Problem } from '../../problem.ts'
import { Linked } from '../../ring.ts'
import type { Acknowledged, Outgoing } from '../broker.ts'
import type { Lane } from './lane.ts'
import { heldBack, notHandedOver, unconfirmed } from './verdict.ts'

/** A record on its way: waiting in its lane, then handed over, then settled. */
export class Pending extends Linked {
  readonly record: Outgoing
  readonly size: number
  readonly #lane: Lane
  readonly #resolve: (at: Acknowledged) => void
  readonly #reject: (problem: Problem) => void
  readonly #settled: (pending: Pending) => void
  stage: 'waiting' | 'handed-over' | 'settled' = 'waiting'

  constructor(
    { record, size, lane }: Readonly<{ record: Outgoing; size: number; lane: Lane }>,
    settled: (pending: Pending) => void,
    resolve: (at: Acknowledged) => void,
    reject: (problem: Problem) => void,
  ) {
    super()
    this.record = record
    this.size = size
    this.#lane = lane
    this.#settled = settled
    this.#resolve = resolve
    this.#reject = reject
    record.signal.addEventListener('abort', this, { once: true })
  }

  /** The signal has aborted. */
  handleEvent(): void {
    const { reason } = this.record.signal as { reason: unknown }
    if (this.outlasts) this.record.patience?.addEventListener('abort', this, { once: true })
    else if (this.stage === 'waiting') {
      const mutedMs = this.#lane.mutedMs
      const late = reason instanceof Problem && reason.code === 'publish-timeout'
      this.fail(late && mutedMs > 0 ? heldBack(mutedMs) : notHandedOver(reason))
    } else if (reason instanceof Problem && reason.code === 'client-gone') return // what is handed over goes on without it
    else this.fail(unconfirmed(reason instanceof Problem ? reason.message : 'The broker has not confirmed the record.'))
  }

  /** Whether nobody waits for it any more: neither its attempt nor the call that this is one of. */
  get abandoned(): boolean {
    const { signal, patience } = this.record
    return signal.aborted && patience?.aborted !== false
  }

  /**
   * Whether the attempt is over, but not the call: nothing is to be tried again of what is handed over, and it is soon known what
   * became of it; where leaders only move, so it is of what waits behind it, or for the next leader.
   */
  get outlasts(): boolean {
    const { reason } = this.record.signal as { reason: unknown }
    const over = reason instanceof Problem && reason.code === 'publish-timeout'
    if (!over || this.abandoned) return false
    const { unsure, lostAt, moving } = this.#lane
    return this.stage === 'handed-over' || unsure !== null || lostAt !== null || moving()
  }

  fail(problem: Problem): void {
    if (this.#settle()) this.#reject(problem)
  }

  succeed(partition: number, offset: bigint): void {
    if (this.#settle()) this.#resolve({ partition, offset })
  }

  #settle(): boolean {
    if (this.stage === 'settled') return false
    this.#settled(this)
    this.stage = 'settled'
    this.record.signal.removeEventListener('abort', this)
    this.record.patience?.removeEventListener('abort', this)
    return true
  }
}
