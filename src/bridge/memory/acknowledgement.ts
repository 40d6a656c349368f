import { after } from '../../clock.ts'
import { Problem } from '../../problem.ts'

/** Why the signal ended it, in a form that says what became of the record. */
export function ended({ reason }: AbortSignal, outcome: 'not-sent' | 'in-doubt'): unknown {
  if (reason instanceof Problem) return reason.withOutcome(outcome)
  return outcome === 'not-sent' ? reason : new Problem('publish-timeout', 'Given up before the acknowledgement.')
}

/** Resolves after `ms`; rejects in doubt when the signal aborts first. */
export function acknowledgement(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = (): void => {
    alarm?.cancel()
    reject(ended(signal, 'in-doubt'))
  }
  const alarm =
    ms === Infinity
      ? null
      : after(ms, () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        })
  signal.addEventListener('abort', giveUp, { once: true })
  return promise
}
