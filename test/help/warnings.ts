import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import type { Scope } from './scope.ts'

/** What is warned of from now on. */
export function warnings(t: Scope): readonly string[] {
  const said: string[] = []
  const listener = ({ what }: Happenings['warning']): void => void said.push(what)
  events.warning.subscribe(listener)
  t.after(() => void events.warning.unsubscribe(listener))
  return said
}
