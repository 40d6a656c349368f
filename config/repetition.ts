import type { View } from './view.ts'

const kinds = ['resend', 'hedge', 'retryOn'] as const
type Kind = (typeof kinds)[number]

/** Checks that only what may be sent twice is sent twice, and in time. */
export function checkRepetition(view: View): void {
  for (const route of view.names('routes')) {
    const asked = kinds.filter(kind => view.has('routes', route, kind, ...(kind === 'retryOn' ? ['0'] : [])))
    for (const kind of asked) checkRepeatable(view, route, kind)
    if (asked.length > 1) checkTogether(view, route)
    checkEvent(view, route)
    checkInTime(view, route, 'resend', 'afterMs')
    checkInTime(view, route, 'hedge', 'minMs')
  }
}

function checkRepeatable(view: View, route: string, kind: Kind): void {
  const complain = (message: string): void => view.complain(['routes', route, kind], message)
  if (view.has('routes', route, 'event'))
    return complain('found on an event, expected on a query, or on a command with repeatable: true')
  const repeatable = view.truth('routes', route, 'repeatable')
  if (repeatable === false) return complain('found beside repeatable: false, expected true')
  if (repeatable !== true && view.has('routes', route, 'command'))
    return complain('found on a command, expected repeatable: true beside it, when its worker may get it twice')
  if (view.has('routes', route, 'command', 'key') || view.has('routes', route, 'query', 'key'))
    complain('found on a route with a key, expected none: what is sent again would come after the next of its key')
}

function checkTogether(view: View, route: string): void {
  if (view.has('routes', route, 'resend') && view.has('routes', route, 'hedge'))
    view.complain(['routes', route, 'hedge'], 'found beside resend, expected just one of the two: each is for silence')
}

function checkEvent(view: View, route: string): void {
  if (view.has('routes', route, 'event') && view.has('routes', route, 'repeatable'))
    view.complain(['routes', route, 'repeatable'], 'found on an event, expected on commands and queries only')
}

function checkInTime(view: View, route: string, kind: Kind, option: string): void {
  const timeoutMs = view.number('routes', route, 'timeoutMs')
  const ms = view.number('routes', route, kind, option)
  if (!view.has('routes', route, kind) || timeoutMs === undefined || ms === undefined || ms < timeoutMs) return
  view.complain(
    ['routes', route, kind, option],
    `found ${ms}, expected less than timeoutMs, which is ${timeoutMs}: by then nobody waits any more`,
  )
}
