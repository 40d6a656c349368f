import type { Call } from '../call.ts'
import { now } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import type { Place } from './cohorts.ts'

/** A place in a ring: leaving from the middle costs the same at any length. */
export class Link {
  before: Link = this
  next: Link = this

  /** Goes to the end of the ring. */
  join(ring: Link): void {
    this.before = ring.before
    this.next = ring
    ring.before.next = this
    ring.before = this
  }

  part(): void {
    this.before.next = this.next
    this.next.before = this.before
    this.before = this.next = this
  }
}

let arrived = 0

/** A call that comes upon a queue. */
export type Newcomer = Readonly<{
  call: Call
  place: Place // of its client among the cohorts
  line: number // of its route among the shares
  patienceMs: number
}>

/** A call that waits for a slot. It has to be released once, however its wait ends. */
export class Waiter extends Link implements Newcomer {
  readonly call: Call
  readonly place: Place
  readonly line: number
  readonly patienceMs: number
  readonly since = now()
  readonly number = arrived++ // the order of arrival
  readonly slot = Promise.withResolvers<Place>()
  cohort = 0 // in whose ring it stands
  alarm: Alarm | undefined
  gone: (() => void) | undefined

  constructor({ call, place, line, patienceMs }: Newcomer) {
    super()
    this.call = call
    this.place = place
    this.line = line
    this.patienceMs = patienceMs
  }

  release(): void {
    this.alarm?.cancel()
    if (this.gone !== undefined) this.call.signal.removeEventListener('abort', this.gone)
  }
}
