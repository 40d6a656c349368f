import type { Signal } from '../../aborter.ts'
import { after } from '../../clock.ts'
import { Problem } from '../../problem.ts'

/** Given up before it was written: whatever the reason says, it is not in the log. */
export function notWritten(reason: unknown): Problem {
  if (reason instanceof Problem && reason.code !== 'publish-timeout') return reason.withOutcome('not-sent')
  const detail = reason instanceof Error ? reason.message : String(reason)
  return new Problem('broker-unavailable', detail, { cause: reason })
}

/**
 * Resolves after `ms`. Throws publish-timeout, in doubt, when the signal aborts first; a client that has gone aborts
 * nothing here: what is written goes on without it.
 */
export function acknowledgement(ms: number, signal: Signal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = (): void => {
    const reason: unknown = signal.reason
    if (reason instanceof Problem && reason.code === 'client-gone') return
    alarm?.cancel()
    const detail = reason instanceof Problem ? reason.message : 'The broker has not confirmed the record.'
    reject(new Problem('publish-timeout', detail))
  }
  const come = (): void => {
    signal.removeEventListener('abort', giveUp)
    resolve()
  }
  const alarm = ms === Infinity ? null : after(ms, come)
  signal.addEventListener('abort', giveUp, { once: true })
  return promise
}
