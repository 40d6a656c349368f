import type { TestContext } from 'node:test'

const turn = setImmediate

/** Freezes every clock and timer of the process; `advance` moves time and lets promises settle. */
export function frozenClock(t: TestContext): { advance: (ms: number) => Promise<void> } {
  let elapsed = Math.ceil(performance.now())
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
