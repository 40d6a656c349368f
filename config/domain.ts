import type { View } from './view.ts'

const others = ['async', 'onTimeout', 'lateReplies', 'idempotency', 'resend', 'hedge', 'retryOn'] as const

/** Checks the routes that domain events answer: what their command is known by must be there, and be sent once. */
export function checkDomainReplies(view: View): void {
  for (const route of view.names('routes')) {
    if (!view.has('routes', route, 'replies')) continue
    const complain = (option: string, message: string): void => view.complain(['routes', route, option], message)
    const kind = (['command', 'query'] as const).find(name => view.has('routes', route, name))
    if (kind === undefined)
      complain('replies', 'found on a route that awaits no reply, expected on commands and queries')
    else if (view.text('routes', route, 'replies', 'equals') !== 'id' && !view.has('routes', route, kind, 'key'))
      complain(
        'replies',
        `found on a ${kind} without a key, by which its event would be known: expected one, or equals id`,
      )
    if (
      view.isMapping('routes', route, 'replies', 'outcomes') &&
      view.names('routes', route, 'replies', 'outcomes').length === 0
    )
      view.complain(['routes', route, 'replies', 'outcomes'], 'found none, expected at least one type of event')
    for (const other of others)
      if (view.has('routes', route, other) && !isPlain(view.text('routes', route, other)))
        complain(other, 'found beside replies, which are domain events: expected just one of the two')
  }
}

const isPlain = (text: string | undefined): boolean => text === 'off' || text === 'fail'
