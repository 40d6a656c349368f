import type { TestContext } from 'node:test'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'

/** What is told on a channel from now to the end of the test. */
export function heard<Name extends keyof Happenings>(t: TestContext, name: Name): Happenings[Name][] {
  const told: Happenings[Name][] = []
  const listen = (message: Happenings[Name]): void => void told.push(message)
  events[name].subscribe(listen)
  t.after(() => events[name].unsubscribe(listen))
  return told
}
