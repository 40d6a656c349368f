import { after } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import type { Problem } from '../problem.ts'

/** Refusals of one reason within a second, but for the first. */
export type Sum = Readonly<{ route: string; policy: string; code: string; count: number }>
type Level = 'info' | 'warn' | 'error'

const everyMs = 1_000

/**
 * Sums up what policies refuse: under overload it may be thousands a second, all alike. The first of each reason passes; what
 * follows within a second is told at its end as a count. Reasons are route, policy and code, so they are few.
 */
export class Summed implements Disposable {
  readonly #tell: (sum: Sum, level: Level) => void
  readonly #counts = new Map<string, Sum & Readonly<{ level: Level }> & { count: number }>()
  #alarm: Alarm | null = null

  constructor(tell: (sum: Sum, level: Level) => void) {
    this.#tell = tell
  }

  /** Whether it has taken the refusal, so that it needs no line of its own. */
  takes(route: string, { policy, code }: Problem, level: Level): boolean {
    if (policy === undefined || level === 'error') return false
    const key = `${route} ${policy} ${code}`
    const known = this.#counts.get(key)
    if (known !== undefined) {
      known.count++
      return true
    }
    this.#counts.set(key, { route, policy, code, level, count: 0 })
    this.#alarm ??= after(everyMs, () => this.#end())
    return false
  }

  #end(): void {
    this.#alarm = null
    for (const { level, ...sum } of this.#counts.values()) if (sum.count > 0) this.#tell(sum, level)
    this.#counts.clear()
  }

  [Symbol.dispose](): void {
    this.#alarm?.cancel()
    this.#end()
  }
}
