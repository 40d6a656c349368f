import { events } from '../events.ts'
import type { Happenings } from '../events.ts'

/** Who listens to what. A listener must not throw: the exception would end the process. */
export type Listeners = { readonly [Name in keyof Happenings]?: (happened: Happenings[Name]) => void }

/** Listens until disposed of. */
export function listen(listeners: Listeners): Disposable {
  const names = Object.keys(listeners) as (keyof Happenings)[]
  for (const name of names) subscribe(name, listeners[name])
  return {
    [Symbol.dispose]: () => {
      for (const name of names) unsubscribe(name, listeners[name])
    },
  }
}

function subscribe<Name extends keyof Happenings>(name: Name, listener: Listeners[Name]): void {
  if (listener !== undefined) events[name].subscribe(listener)
}

function unsubscribe<Name extends keyof Happenings>(name: Name, listener: Listeners[Name]): void {
  if (listener !== undefined) events[name].unsubscribe(listener)
}
