import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Tells a process to end, and kills it when it has not after `graceMs`. Resolves when it is gone. */
export async function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM', graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const gone = once(child, 'exit')
  child.kill(signal)
  const impatient = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await gone
  clearTimeout(impatient)
}
