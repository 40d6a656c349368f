import type { Call } from '../../call.ts'
import { now } from '../../clock.ts'
import type { Alarm } from '../../clock.ts'
import { Linked } from '../../ring.ts'
import type { Place } from './cohorts.ts'

let arrived = 0

/** A call that comes upon a queue. */
export type Newcomer = Readonly<{
  call: Call
  place: Place // of its client among the cohorts
  share: number // of its route among the shares
  patienceMs: number
}>

/** A call that waits for a slot. It has to be released once, however its wait ends. */
export class Waiter extends Linked implements Newcomer {
  readonly call: Call
  readonly place: Place
  readonly share: number
  readonly patienceMs: number
  readonly since = now()
  readonly number = arrived++ // the order of arrival
  readonly slot = Promise.withResolvers<Place>()
  cohort = 0 // in whose ring it stands
  alarm: Alarm | undefined
  gone: (() => void) | undefined

  constructor({ call, place, share, patienceMs }: Newcomer) {
    super()
    this.call = call
    this.place = place
    this.share = share
    this.patienceMs = patienceMs
  }

  release(): void {
    this.alarm?.cancel()
    if (this.gone !== undefined) this.call.signal.removeEventListener('abort', this.gone)
  }
}
