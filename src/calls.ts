import type { OutboundCall } from './bridge/calls/index.ts'
import type { Waiter } from './bridge/correlate.ts'
import type { Call } from './call.ts'
import { since, until, wallClock } from './clock.ts'
import type { Instant } from './clock.ts'
import type { WaitingCall, WaitingCalls } from './console/sections.d.ts'
import type { Parts } from './parts.ts'
import { Problem } from './problem.ts'
import { lifeUntilNow } from './telemetry/history.ts'
import type { Life } from './telemetry/history.ts'
import { lifeOfCalled } from './telemetry/called.ts'

/** What operators see and may end of the calls: those that wait, and the life of the recent ones. */
export class Calls {
  readonly #parts: Known

  constructor(parts: Known) {
    this.#parts = parts
  }

  /** The longest that wait, and how many there are. */
  waiting(most: number): WaitingCalls {
    const oldest = new Oldest(most)
    for (const call of this.#queued()) oldest.add(call, 'slot')
    for (const { call } of this.#waiters()) oldest.add(call, 'reply')
    for (const call of this.#parts.upstreams.waiting) oldest.add(call, 'upstream')
    for (const call of this.#outbound()) oldest.add(call, 'upstream')
    return { total: oldest.total, calls: oldest.told() }
  }

  /** The life of a call that runs, or ended recently; null when it is not known. An URN of the id will do. */
  life(idOrUrn: string): Life | null {
    const id = idOrUrn.replace(/^urn:uuid:/, '')
    const running = this.#find(id)
    return running === null ? this.#parts.telemetry.history.find(id) : running.life()
  }

  recent(most: number): readonly Life[] {
    return this.#parts.telemetry.history.latest(most)
  }

  /**
   * Ends the wait of a call: its client is told at once, and its slot is free; a command of `calls` is given up. What was sent may
   * still run. Throws unknown-route.
   */
  cancel(id: string): Life {
    const found = this.#find(id)
    if (found === null) throw new Problem('unknown-route', `No call ${id} is waiting.`)
    const life = found.life()
    found.cancel()
    return life
  }

  #find(id: string): Found | null {
    for (const waiter of this.#waiters()) if (waiter.call.id === id) return foundOf(waiter.call, waiter)
    for (const call of this.#queued()) if (call.id === id) return foundOf(call)
    for (const call of this.#parts.upstreams.waiting) if (call.id === id) return foundOf(call)
    for (const call of this.#outbound())
      if (call.id === id) return { life: () => lifeOfCalled(call.told(), wallClock()), cancel: () => call.cancel() }
    return null
  }

  *#outbound(): Generator<OutboundCall> {
    for (const { inFlight } of this.#parts.calling) yield* inFlight
  }

  *#queued(): Generator<Call> {
    for (const { bulkhead } of this.#parts.workers.values()) yield* bulkhead.queued()
  }

  *#waiters(): Generator<Waiter> {
    yield* this.#parts.replies.waiters()
    yield* this.#parts.operations?.returns.waiters() ?? []
    yield* this.#parts.domain?.waiters() ?? []
  }
}

type Known = Pick<Parts, 'replies' | 'operations' | 'domain' | 'workers' | 'telemetry' | 'upstreams' | 'calling'>
type Found = Readonly<{ life: () => Life; cancel: () => void }>

function foundOf(call: Call, waiter: Waiter | null = null): Found {
  const cancel = (): void => {
    const problem = new Problem('cancelled', 'An operator has ended the wait.', { outcome: call.progress.outcome })
    call.aborter.abort(problem)
    waiter?.abandon(problem)
  }
  return { life: () => lifeUntilNow(call), cancel }
}

/** What is told of a call that waits, whoever made it. */
type Waiting = Pick<Call, 'route' | 'worker' | 'client' | 'started' | 'partition'> &
  Readonly<{
    id: string
    expires: Instant | null
    progress: Pick<Call['progress'], 'outcome' | 'sendings' | 'upstream'>
  }>
type Seen = Readonly<{ call: Waiting; waits: WaitingCall['waits'] }>

/** The oldest of many calls, without sorting them all: a hundred thousand may wait. */
class Oldest {
  readonly #most: number
  #seen: Seen[] = []
  #worst = Infinity // begun at or after this, it is none of them
  total = 0

  constructor(most: number) {
    this.#most = most
  }

  add(call: Waiting, waits: WaitingCall['waits']): void {
    this.total++
    if (call.started >= this.#worst) return
    this.#seen.push({ call, waits })
    if (this.#seen.length >= 2 * this.#most) this.#cut()
  }

  told(): readonly WaitingCall[] {
    this.#cut()
    return this.#seen.map(({ call, waits }) => {
      const { id, route, worker, client, started, expires, progress, partition } = call
      const { outcome, sendings, upstream } = progress
      const ageMs = Math.round(since(started))
      return {
        id,
        route,
        worker: waits === 'upstream' ? (upstream?.name ?? worker) : worker,
        client,
        waits,
        ageMs,
        leftMs: expires === null ? null : Math.round(until(expires)),
        outcome,
        sendings,
        partition,
      }
    })
  }

  #cut(): void {
    this.#seen.sort((a, b) => a.call.started - b.call.started)
    if (this.#seen.length > this.#most) {
      this.#seen.length = this.#most
      this.#worst = this.#seen.at(-1)?.call.started ?? Infinity
    }
  }
}
