import type { TestContext } from 'node:test'

const turn = setImmediate

/** Freezes every clock and timer of the process, so many ms after its start; `advance` moves time and lets promises settle. */
export function frozenClock(
  t: TestContext,
  uptimeMs = Math.ceil(performance.now()),
): { advance: (ms: number) => Promise<void> } {
  let elapsed = uptimeMs
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 })
  t.mock.method(performance, 'now', () => elapsed)
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise<void>(resolve => turn(resolve))
  }
  return {
    advance: async ms => {
      await settle()
      elapsed += ms
      t.mock.timers.tick(ms)
      await settle()
    },
  }
}

/** Under a frozen clock, what a disk does still comes when it comes: it gets ten seconds of the clock that is not frozen. */
export async function seen(what: string, look: () => unknown): Promise<void> {
  const end = process.hrtime.bigint() + 10_000_000_000n
  while (!look()) {
    if (process.hrtime.bigint() > end) throw new Error(`Never seen: ${what}.`)
    await new Promise<void>(resolve => turn(resolve))
  }
}
