import { after, wallClock } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import type { Incoming } from '../bridge/broker.ts'
import type { Origin } from '../bridge/wire/index.ts'
import type { Command } from './command.ts'
import type { Part, Ticket } from '../bridge/consume/index.ts'

/** One sending of a command: where to reply, and the ticket of its record, which is finished by the reply. The record itself is kept where it may be given up. */
export type Sending = Readonly<{ origin: Origin; part: Part; ticket: Ticket; record: Incoming | null }>

/** Why the signal of a job aborts. */
type Reason = 'expired' | 'stopped' | 'cancelled'

/** A command that waits or runs. Further sendings of it that arrive meanwhile join it. */
export class Job {
  readonly command: Command
  readonly #aborter = new AbortController()
  #sendings: readonly Sending[]
  #alarm: Alarm | null = null
  #ended: Reason | null = null

  constructor(command: Command, first: Sending) {
    this.command = command
    this.#sendings = [first]
  }

  get sendings(): readonly Sending[] {
    return this.#sendings
  }

  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /** Why the signal has aborted. */
  get ended(): Reason | null {
    return this.#ended
  }

  /** The latest expiry of its sendings, in epoch milliseconds; null when one of them never expires. */
  get expires(): number | null {
    let latest = 0
    for (const { origin } of this.#sendings) {
      if (origin.expires === null) return null
      latest = Math.max(latest, origin.expires)
    }
    return latest
  }

  join(sending: Sending): void {
    this.#sendings = [...this.#sendings, sending]
  }

  /** Removes and returns the sendings for which the test is true. */
  drop(unwanted: (sending: Sending) => boolean): readonly Sending[] {
    const [first] = this.#sendings
    if (this.#sendings.length === 1 && first !== undefined && !unwanted(first)) return [] // the usual case
    const dropped = this.#sendings.filter(unwanted)
    this.#sendings = this.#sendings.filter(sending => !dropped.includes(sending))
    return dropped
  }

  /** Removes and returns all sendings. */
  dropAll(): readonly Sending[] {
    const dropped = this.#sendings
    this.#sendings = []
    return dropped
  }

  /** Arms the alarm that aborts the signal at `expires`. A command already past it, which differing clocks allow, gets `clockSkewMs` more. */
  begin(clockSkewMs: number): void {
    const { expires } = this
    if (expires === null) return
    const left = expires - wallClock()
    this.#alarm = after(left > 0 ? left : left + clockSkewMs, () => {
      if (this.expires === expires) this.#end('expired', 'The command has expired.')
      else this.begin(clockSkewMs) // a sending that joined meanwhile expires later
    })
  }

  /** Its client wants it no longer. */
  cancel(): void {
    this.#end('cancelled', 'The command was cancelled.')
  }

  stop(): void {
    this.finish() // a handler that hangs must not keep the process alive until its command expires
    this.#end('stopped', 'The worker stops.')
  }

  /** Releases the alarm. */
  finish(): void {
    this.#alarm?.cancel()
  }

  #end(how: Reason, reason: string): void {
    this.#ended ??= how
    this.#aborter.abort(new Error(reason))
  }
}
