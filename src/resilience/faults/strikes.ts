import type { Call } from '../../call.ts'
import { after } from '../../clock.ts'
import type { Alarm } from '../../clock.ts'
import type { Fault, FaultKind, Struck } from '../../fault.ts'
import type { Faults } from './faults.ts'

/** Replies of one call that may be held back at once: a worker could send any number of them. */
const mostHeld = 16

/** What may befall one call, and does. */
export class Strikes implements Struck {
  readonly #owner: Faults
  readonly #call: Call
  readonly #faults: readonly Fault[]
  readonly #held = new Set<Alarm>()
  #suffers = false

  constructor(owner: Faults, call: Call, faults: readonly Fault[]) {
    this.#owner = owner
    this.#call = call
    this.#faults = faults
  }

  strike(kind: FaultKind): Fault | null {
    for (const fault of this.#faults)
      if (fault.kind === kind && this.#owner.take(fault, this.#call, !this.#suffers)) {
        this.#suffers = true
        return this.#owner.mode === 'enforce' ? fault : null
      }
    return null
  }

  hold(ms: number, task: () => void): void {
    if (this.#held.size >= mostHeld) return
    const alarm = after(ms, () => {
      this.#held.delete(alarm)
      task()
    })
    this.#held.add(alarm)
  }

  /** The call has ended, but its response is written for so long. */
  end(writtenMs = 0): void {
    for (const alarm of this.#held) alarm.cancel()
    if (!this.#suffers) return
    if (writtenMs > 0) this.#owner.releaseAfter(writtenMs)
    else this.#owner.release()
  }
}
