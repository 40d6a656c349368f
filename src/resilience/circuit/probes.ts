import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import type { Cause, Pass, Verdict } from './health.ts'
import { percentOf, reaches } from './share.ts'

export type ProbesOptions = Readonly<{
  probes: number // calls let through while half-open
  failurePercent: number
  slowMs: number // Infinity: none is slow
  slowPercent: number
  longestWaitMs: number // after which a probe without a verdict gives its place away
}>
/** What the verdicts have decided, and why. */
export type Decision = Readonly<{ to: 'closed' | 'open'; cause: Cause }>

type Probe = Readonly<{ pass: Pass; began: Instant }>

/**
 * The calls that a half-open circuit lets through. N of them decide together, as in resilience4j's
 * permittedNumberOfCallsInHalfOpenState (2017): the shares that open a closed circuit reopen this one. Unlike there it is
 * decided as soon as the verdicts that are still to come cannot change it.
 */
export class Probes {
  readonly #options: ProbesOptions
  readonly #underWay: Probe[] = [] // the oldest first
  readonly #failing = new Set<string>() // tenants whose probes failed: one of them decides nothing alone
  #good = 0
  #slow = 0
  #failed = 0

  constructor(options: ProbesOptions) {
    this.#options = options
  }

  get underWay(): number {
    return this.#underWay.length
  }

  /** Places that are not to be had: of probes under way, and of those whose verdicts are in. */
  get taken(): number {
    return this.#underWay.length + this.#ended
  }

  get free(): boolean {
    return this.taken < this.#options.probes || this.#hangs(this.#underWay[0])
  }

  /** Takes a place for the call with this pass, or that of a probe that never ended, whose verdict is void from now on. */
  take(pass: Pass): boolean {
    if (!this.free) return false
    if (this.taken >= this.#options.probes) this.#underWay.shift()
    this.#underWay.push({ pass, began: now() })
    return true
  }

  /** Counts the verdict of a probe; without one its place is free again. Null while nothing is decided. */
  end(pass: Pass, verdict: Verdict, why: string, tenant?: string): Decision | null {
    const place = this.#underWay.findIndex(probe => probe.pass === pass)
    if (place < 0) return null
    this.#underWay.splice(place, 1)
    if (verdict === 'none') return null
    if (tenant !== undefined && verdict !== 'success' && this.#failing.add(tenant).size < 2) return null
    if (verdict === 'success') this.#good++
    else if (verdict === 'slow') this.#slow++
    else this.#failed++ // in a probe, an error weighs as much as a failure
    return this.#decision(why)
  }

  reset(): void {
    this.#underWay.length = 0
    this.#failing.clear()
    this.#good = this.#slow = this.#failed = 0
  }

  get #ended(): number {
    return this.#good + this.#slow + this.#failed
  }

  #hangs(probe: Probe | undefined): boolean {
    return probe !== undefined && since(probe.began) > this.#options.longestWaitMs
  }

  /** At the best all that are to come succeed in time; at the worst all fail, or all are slow. */
  #decision(why: string): Decision | null {
    const { probes, failurePercent, slowMs, slowPercent } = this.#options
    const [failed, slow, succeeded] = [this.#failed, this.#slow, this.#good + this.#slow]
    const toCome = probes - this.#ended
    if (reaches(failed, probes, failurePercent)) {
      const reason = `${failed} of ${probes} probes failed, the last: ${why}`
      return { to: 'open', cause: { reason, limit: failurePercent, observed: percentOf(failed, probes) } }
    }
    if (reaches(slow, probes - failed, slowPercent)) {
      const reason = `${slow} of ${probes} probes took longer than ${slowMs} ms`
      return { to: 'open', cause: { reason, limit: slowPercent, observed: percentOf(slow, probes - failed) } }
    }
    if (reaches(failed + toCome, probes, failurePercent)) return null
    if (slowMs < Infinity && reaches(slow + toCome, succeeded + toCome, slowPercent)) return null
    return { to: 'closed', cause: { reason: `${succeeded} of ${probes} probes succeeded` } }
  }
}
