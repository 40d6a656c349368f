import type { StranglerOptions } from '../../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../call.ts'
import { now, since } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { Mirror } from './mirror.ts'
import { Plan } from './plan.ts'
import type { Seen } from './plan.ts'

/** Both ways of a route. The copies of a mirror go past what counts clients and keys. */
export type Sides = Readonly<{
  upstream: Service<Call, Reply>
  topic: Service<Call, Reply>
  copies: Readonly<{ upstream: Service<Call, Reply>; topic: Service<Call, Reply> }>
}>

/**
 * Sends a share of a route's clients to its topic, the others to its upstream: the strangler fig (Fowler 2004). A client stays on
 * its side, and who has once been on that of the topic stays there while the share grows.
 */
export class Strangler implements Disposable {
  readonly name: string
  readonly #mirror: Mirror | null
  readonly #plan: Plan | null
  #percent: number
  #seen = { calls: 0, failures: 0, ms: 0 }
  #before = { same: 0, different: 0 }

  constructor(name: string, { percent, mirror, plan }: StranglerOptions, headers: readonly string[]) {
    this.name = name
    this.#percent = percent
    this.#mirror = mirror === undefined ? null : new Mirror(name, mirror, headers)
    this.#plan =
      plan === undefined
        ? null
        : new Plan(
            name,
            plan,
            () => this.#take(),
            share => (this.#percent = share),
          )
  }

  get percent(): number {
    return this.#percent
  }

  /** Sends the call to one of the sides, and maybe a copy to the other. */
  serve({ upstream, topic, copies }: Sides): Service<Call, Reply> {
    return async call => {
      const toTopic = shareOf(this.name, call.client) < this.#percent
      const reply = toTopic ? await this.#observed(topic, call) : await upstream(call)
      if (this.#mirror?.wants(call) === true)
        void this.#mirror.copy(call, reply, toTopic ? copies.upstream : copies.topic)
      return reply
    }
  }

  snapshot(): unknown {
    return { percent: this.#percent, mirror: this.#mirror?.report ?? null, plan: this.#plan?.state ?? null }
  }

  /** What an operator asks for: `percent`, `mirror` (percent), `plan` (`start` or `stop`). Throws invalid-request. */
  change(asked: unknown): unknown {
    const { percent, mirror, plan, ...others } = Object(asked) as Readonly<Record<string, unknown>>
    const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 100
    const right =
      Object.keys(others).length === 0 &&
      [percent, mirror, plan].some(each => each !== undefined) &&
      (percent === undefined || isShare(percent)) &&
      (mirror === undefined || (isShare(mirror) && this.#mirror !== null)) &&
      (plan === undefined || ((plan === 'start' || plan === 'stop') && this.#plan !== null))
    if (!right)
      throw new Problem(
        'invalid-request',
        'Expected {"percent": 0 to 100, "mirror": 0 to 100, "plan": "start" or "stop"}, or some of these; mirror and plan only where the route has them.',
      )
    if (isShare(percent)) {
      this.#plan?.stop()
      this.#percent = percent
      if (events.rollout.hasSubscribers)
        events.rollout.publish({ route: this.name, percent, state: 'off', reason: 'an operator set it' })
    }
    if (isShare(mirror) && this.#mirror !== null) this.#mirror.percent = mirror
    if (plan === 'start') this.#plan?.start()
    if (plan === 'stop') this.#plan?.stop()
    return this.snapshot()
  }

  async #observed(topic: Service<Call, Reply>, call: Call): Promise<Reply> {
    const begun = now()
    try {
      const reply = await topic(call)
      this.#count(reply.status >= 500, since(begun))
      return reply
    } catch (error) {
      const { spec } = Problem.from(error)
      if (spec.status >= 500) this.#count(true, since(begun)) // what the client did wrong says nothing of the topic
      throw error
    }
  }

  #count(failed: boolean, ms: number): void {
    this.#seen.calls++
    this.#seen.ms += ms
    if (failed) this.#seen.failures++
    if (events.strangled.hasSubscribers) events.strangled.publish({ route: this.name, failed })
  }

  #take(): Seen {
    const { same = 0, different = 0 } = this.#mirror?.report ?? {}
    const compared = same + different - this.#before.same - this.#before.different
    const seen = { ...this.#seen, compared, different: different - this.#before.different }
    this.#seen = { calls: 0, failures: 0, ms: 0 }
    this.#before = { same, different }
    return seen
  }

  [Symbol.dispose](): void {
    this.#plan?.[Symbol.dispose]()
  }
}

/** A number from 0 to below 100 for each client of a route, always the same, in steps of a hundredth: FNV-1a (RFC 9923), finished as murmur3 is. */
export function shareOf(route: string, client: string): number {
  let hash = 0x811c9dc5
  for (const text of [route, '\0', client])
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (((hash ^ (hash >>> 16)) >>> 0) % 10_000) / 100
}
