import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with the first truthy value of `look`, asked again and again; throws what was waited for after `limitMs`. */
export async function until<T>(what: string, look: () => T | Promise<T>, limitMs = 5_000): Promise<NonNullable<T>> {
  const begun = performance.now()
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (performance.now() - begun > limitMs) throw new Error(`Waited ${limitMs} ms in vain: ${what}.`)
    await sleep(2)
  }
}
