/** Epoch milliseconds that never step: what happened in several processes on one line. */
export const now = (): number => performance.timeOrigin + performance.now()

/** Looks every `everyMs` until it is so; returns the time that took, or throws after `limitMs`. */
export async function until(what: string, limitMs: number, look: () => boolean | Promise<boolean>): Promise<number> {
  const begun = now()
  while (!(await look())) {
    if (now() - begun > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await sleep(50)
  }
  return now() - begun
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
