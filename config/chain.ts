import type { View } from './view.ts'

export type Repetition = Readonly<{ attemptMs: number; attempts: number; baseMs: number; capMs: number }>

/** Longest that publishing may take: every attempt in full and every backoff at its greatest, min(capMs, baseMs · 2ⁿ) after the nth. */
export function longestPublishMs({ attemptMs, attempts, baseMs, capMs }: Repetition): { tries: number; waits: number } {
  let waits = 0
  for (let n = 1; n < attempts; n++) waits += Math.min(capMs, baseMs * 2 ** n)
  return { tries: attempts * attemptMs, waits }
}

/** Checks the chain of timeouts: clientTimeoutMs > timeoutMs ≤ commandTtlMs, and publishing < timeoutMs. */
export function checkChain(view: View): void {
  const repetition = repetitionOf(view)
  for (const route of view.names('routes')) {
    const timeoutMs = view.number('routes', route, 'timeoutMs')
    if (timeoutMs === undefined) continue
    checkAround(view, route, timeoutMs)
    if (repetition === null) continue
    const { tries, waits } = longestPublishMs(repetition)
    if (tries + waits < timeoutMs) continue
    const { attempts, attemptMs } = repetition
    const byDefault = view.has('routes', route, 'timeoutMs') ? '' : ' by default'
    view.complain(
      ['routes', route, 'timeoutMs'],
      `found ${timeoutMs}${byDefault}, expected more than ${tries + waits}, which publishing may take ` +
        `(${attempts} × ${attemptMs} ms and ${waits} ms of backoff): raise it, or lower broker.publish.attemptMs or attempts`,
    )
  }
}

function checkAround(view: View, route: string, timeoutMs: number): void {
  const client = view.number('routes', route, 'clientTimeoutMs')
  if (client !== undefined && client <= timeoutMs)
    view.complain(
      ['routes', route, 'clientTimeoutMs'],
      `found ${client}, expected more than timeoutMs, which is ${timeoutMs}: the client would leave before its answer`,
    )
  const ttl = view.number('routes', route, 'commandTtlMs')
  if (ttl !== undefined && ttl < timeoutMs)
    view.complain(
      ['routes', route, 'commandTtlMs'],
      `found ${ttl}, expected at least timeoutMs, which is ${timeoutMs}: the command would expire while its client waits`,
    )
}

function repetitionOf(view: View): Repetition | null {
  const option = (name: string): number | undefined => view.number('broker', 'publish', name)
  const attemptMs = option('attemptMs')
  const baseMs = option('baseMs')
  const capMs = option('capMs')
  const attempts = view.text('broker', 'publish', 'mode') === 'enforce' ? option('attempts') : 1
  if (attemptMs === undefined || attempts === undefined || baseMs === undefined || capMs === undefined) return null
  return { attemptMs, attempts, baseMs, capMs }
}
