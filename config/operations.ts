import type { View } from './view.ts'

/** Checks what may become an operation, or holds a key: commands and queries that are not sent twice. */
export function checkOperations(view: View): void {
  const routes = view.names('routes')
  for (const route of routes) checkRoute(view, route)
  const receivers = ['operations', 'callbacks', 'receivers'] as const
  for (const name of view.names(...receivers))
    if (!view.has(...receivers, name, 'signingKey') && !view.has(...receivers, name, 'signingKeyFile'))
      view.complain([...receivers, name], 'has no key, expected signingKey or signingKeyFile')
  if (!routes.some(route => Object.values(isAsked).some(asked => asked(view, route)))) return
  for (const route of routes) checkPath(view, route)
  checkTopics(view)
}

const isAsked: Readonly<Record<string, (view: View, route: string) => boolean>> = {
  async: (view, route) => (view.text('routes', route, 'async') ?? 'off') !== 'off',
  onTimeout: (view, route) => view.text('routes', route, 'onTimeout') === 'accept',
  idempotency: (view, route) => view.has('routes', route, 'idempotency'),
  process: (view, route) => view.has('routes', route, 'process'),
  lateReplies: (view, route) => view.has('routes', route, 'lateReplies'),
}

function checkRoute(view: View, route: string): void {
  for (const [option, asked] of Object.entries(isAsked)) {
    if (!asked(view, route)) continue
    const complain = (message: string): void => view.complain(['routes', route, option], message)
    if (view.has('routes', route, 'event'))
      complain('found on an event, expected on commands and queries only: an event has no reply to wait for')
    for (const other of ['resend', 'hedge', 'retryOn'])
      if (view.has('routes', route, other)) complain(`found beside ${other}, expected just one of the two`)
  }
}

/** What clients ask of operations must not be a route's. */
function checkPath(view: View, route: string): void {
  const match = view.text('routes', route, 'match')
  const path = view.text('operations', 'path')
  const [method = '', own = ''] = match?.split(' ') ?? []
  if (path === undefined || !['GET', 'HEAD', 'DELETE'].includes(method)) return
  if (own === path || own.startsWith(`${path}/`))
    view.complain(
      ['routes', route, 'match'],
      `found ${JSON.stringify(match)}, which is below operations.path, expected another path`,
    )
}

function checkTopics(view: View): void {
  const log = view.text('operations', 'topic')
  const replies = view.text('operations', 'replies')
  const taken = [
    ['replies.topic', view.text('replies', 'topic')],
    ...view.names('workers').map(worker => [`workers.${worker}.topic`, view.text('workers', worker, 'topic')] as const),
  ] as const
  for (const [name, topic] of [
    ['topic', log],
    ['replies', replies],
  ] as const)
    for (const [owner, other] of taken)
      if (topic !== undefined && topic === other)
        view.complain(['operations', name], `found ${JSON.stringify(topic)}, which is ${owner}, expected another`)
  if (log !== undefined && log === replies)
    view.complain(
      ['operations', 'replies'],
      `found ${JSON.stringify(log)}, which is operations.topic, expected another`,
    )
}
