import type { TestContext } from 'node:test'

const loaded = new WeakMap<TestContext, { value: number }>()

/** Every throw of the dice gives this from now on: 0.5 is the middle of every spread, 0 and 1 are its ends. */
export function chance(t: TestContext, value = 0.5): void {
  const dice = loaded.get(t)
  if (dice !== undefined) {
    dice.value = value // a mock of a mock would outlive the test
    return
  }
  const fresh = { value }
  loaded.set(t, fresh)
  t.mock.method(Math, 'random', () => fresh.value)
}
