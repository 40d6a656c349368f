import type { Call } from './call.ts'
import { since, until } from './clock.ts'
import type { WaitingCall, WaitingCalls } from './console/sections.d.ts'
import type { Parts } from './parts.ts'
import { Problem } from './problem.ts'
import { lifeUntilNow } from './telemetry/history.ts'
import type { Life } from './telemetry/history.ts'
import type { Waiter } from './bridge/correlate.ts'

/** What operators see and may end of the calls: those that wait, and the life of the recent ones. */
export class Calls {
  readonly #parts: Pick<Parts, 'replies' | 'operations' | 'domain' | 'workers' | 'telemetry'>

  constructor(parts: Pick<Parts, 'replies' | 'operations' | 'domain' | 'workers' | 'telemetry'>) {
    this.#parts = parts
  }

  /** The longest that wait, and how many there are. */
  waiting(most: number): WaitingCalls {
    const oldest = new Oldest(most)
    for (const call of this.#queued()) oldest.add(call, 'slot')
    for (const { call } of this.#waiters()) oldest.add(call, 'reply')
    return { total: oldest.total, calls: oldest.told() }
  }

  /** The life of a call that runs, or ended recently; null when it is not known. An URN of the id will do. */
  life(idOrUrn: string): Life | null {
    const id = idOrUrn.replace(/^urn:uuid:/, '')
    const running = this.#find(id)
    return running === null ? this.#parts.telemetry.history.find(id) : lifeUntilNow(running.call)
  }

  recent(most: number): readonly Life[] {
    return this.#parts.telemetry.history.latest(most)
  }

  /** Ends the wait of a call: its client is told at once, and its slot is free. What was sent may still run. Throws unknown-route. */
  cancel(id: string): Life {
    const found = this.#find(id)
    if (found === null) throw new Problem('unknown-route', `No call ${id} is waiting.`)
    const { call, waiter } = found
    const problem = new Problem('cancelled', 'An operator has ended the wait.', { outcome: call.progress.outcome })
    const life = lifeUntilNow(call)
    call.aborter.abort(problem)
    waiter?.abandon(problem)
    return life
  }

  #find(id: string): Readonly<{ call: Call; waiter: Waiter | null }> | null {
    for (const waiter of this.#waiters()) if (waiter.call.id === id) return { call: waiter.call, waiter }
    for (const call of this.#queued()) if (call.id === id) return { call, waiter: null }
    return null
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

type Seen = Readonly<{ call: Call; waits: WaitingCall['waits'] }>

/** The oldest of many calls, without sorting them all: a hundred thousand may wait. */
class Oldest {
  readonly #most: number
  #seen: Seen[] = []
  #worst = Infinity // begun at or after this, it is none of them
  total = 0

  constructor(most: number) {
    this.#most = most
  }

  add(call: Call, waits: WaitingCall['waits']): void {
    this.total++
    if (call.started >= this.#worst) return
    this.#seen.push({ call, waits })
    if (this.#seen.length >= 2 * this.#most) this.#cut()
  }

  told(): readonly WaitingCall[] {
    this.#cut()
    return this.#seen.map(({ call, waits }) => {
      const { id, route, worker, client, started, expires, progress, partition } = call
      const { outcome, sendings } = progress
      const ageMs = Math.round(since(started))
      return {
        id,
        route,
        worker,
        client,
        waits,
        ageMs,
        leftMs: Math.round(until(expires)),
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
