import pRetry from 'p-retry'
import type { Signal } from '../../aborter.ts'
import { pause } from '../../clock.ts'

/** What an attempt wants to be tried again after, at least. */
class Again extends Error {
  readonly leastMs: number
  constructor(leastMs: number) {
    super('Again.')
    this.leastMs = leastMs
  }
}

type Failed = Readonly<{ error: Error; attemptNumber: number }>

/**
 * Calls an attempt until it wants no more or the signal aborts, with full jitter (Brooker, AWS 2015) between two. An attempt
 * resolves with how long to wait at least, or with null when it is over.
 */
export const persistent =
  ({ baseMs, capMs }: Readonly<{ baseMs: number; capMs: number }>) =>
  async (attempt: () => Promise<number | null>, signal: Signal): Promise<void> => {
    const first = await attempt() // p-retry comes in when it is needed, as in retry.ts
    if (first === null) return
    const once = async (n: number): Promise<void> => {
      const leastMs = n === 1 ? first : await attempt()
      if (leastMs !== null) throw new Again(leastMs)
    }
    const again = async ({ error, attemptNumber }: Failed): Promise<boolean> => {
      if (!(error instanceof Again)) return false
      await pause(error.leastMs + Math.random() * Math.min(capMs, baseMs * 2 ** attemptNumber), signal) // in place of p-retry's own, as in retry.ts
      return !signal.aborted
    }
    try {
      await pRetry(once, { retries: Infinity, minTimeout: 0, shouldRetry: again })
    } catch (error) {
      if (!(error instanceof Again)) throw error
    }
  }
