import type { ModeName } from '../../config/schema/index.ts'
import { ask } from '../call.ts'
import type { Call, Policy } from '../call.ts'
import { Problem } from '../problem.ts'
import { refusal, soon } from './refusal.ts'

/** Whether the instance still takes calls, and how many are inside. One for all routes. */
export class Drain {
  readonly mode: ModeName
  #draining = false
  #inside = 0
  #idle: PromiseWithResolvers<void> | null = null

  constructor(mode: ModeName) {
    this.mode = mode
  }

  get draining(): boolean {
    return this.#draining
  }

  get inside(): number {
    return this.#inside
  }

  /** From now on new calls are refused; those inside go on. */
  begin(): void {
    this.#draining = true
  }

  /** Resolves when no call is inside: at once when there is none. The limit is the caller's. */
  idle(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve()
    this.#idle ??= Promise.withResolvers<void>()
    return this.#idle.promise
  }

  enter(): void {
    this.#inside++
  }

  leave(): void {
    if (--this.#inside > 0) return
    this.#idle?.resolve()
    this.#idle = null
  }
}

/** `observed` are the calls with this one that would be inside. */
const draining = (inside: number): Problem =>
  new Problem('draining', 'The gateway is stopping.', { retryAfterMs: soon(), limit: 0, observed: inside + 1 })

/** Counts what is inside, and lets nothing new into an instance that is stopping. Throws draining. */
export function drain<Out>(door: Drain): Policy<Call, Out> {
  const refuse = refusal('drain', door.mode)
  // the same two for all calls: an async function would keep a frame for each that waits
  const answered = (result: Out): Out => {
    door.leave()
    return result
  }
  const failed = (error: unknown): never => {
    door.leave()
    throw error
  }
  return next =>
    function drain(call) {
      if (door.draining) {
        const refused = refuse(call, draining(door.inside))
        if (refused !== null) return Promise.reject(refused)
      }
      door.enter()
      return ask(next, call).then(answered, failed)
    }
}
