import type { Call } from '../../call.ts'
import { after } from '../../clock.ts'
import type { Alarm } from '../../clock.ts'
import type { Fault, FaultKind, Struck } from '../../fault.ts'
import type { ModeName } from '../../../config/schema/index.ts'

/** Replies of one call that may be held back at once: a worker could send any number of them. */
const mostHeld = 16

/** Who gives out the faults, and counts the calls that suffer. */
export type Giver = Readonly<{
  mode: ModeName
  /** Whether this fault strikes the call now; `newly`: the call does not suffer yet. */
  take: (fault: Fault, call: Call, newly: boolean) => boolean
  release: () => void
  releaseAfter: (ms: number) => void
}>

/** The faults that may be injected into one call. */
export class CallFaults implements Struck {
  readonly #giver: Giver
  readonly #call: Call
  readonly #faults: readonly Fault[]
  readonly #held = new Set<Alarm>()
  #suffers = false

  constructor(giver: Giver, call: Call, faults: readonly Fault[]) {
    this.#giver = giver
    this.#call = call
    this.#faults = faults
  }

  strike(kind: FaultKind): Fault | null {
    for (const fault of this.#faults)
      if (fault.kind === kind && this.#giver.take(fault, this.#call, !this.#suffers)) {
        this.#suffers = true
        return this.#giver.mode === 'enforce' ? fault : null
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
    if (writtenMs > 0) this.#giver.releaseAfter(writtenMs)
    else this.#giver.release()
  }
}
