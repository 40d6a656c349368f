import type { View } from './view.ts'

/** Checks what the routes to a worker share: its slots. */
export function checkSlots(view: View): void {
  const shares = new Map<string, number>()
  for (const worker of view.names('workers')) checkLimit(view, worker)
  for (const route of view.names('routes')) checkShare(view, route, shares)
}

/** Complains at the route with which the shares of a worker go beyond its slots. */
function checkShare(view: View, route: string, shares: Map<string, number>): void {
  const share = view.number('routes', route, 'share')
  if (share === undefined || share === 0) return
  const worker = view.text('routes', route, 'command', 'to') ?? view.text('routes', route, 'query', 'to')
  const complain = (message: string): void => view.complain(['routes', route, 'share'], message)
  if (worker === undefined) {
    if (view.has('routes', route, 'event'))
      complain('found on an event, which takes no slots: expected on a command or a query')
    return
  }
  const before = shares.get(worker) ?? 0
  shares.set(worker, before + share)
  if (before <= 100 && before + share > 100)
    complain(`found ${share}, expected at most ${100 - before}: the shares of all routes to ${worker} are 100 together`)
}

/** The least by default is never above `slots`; one that is given must not be. */
function checkLimit(view: View, worker: string): void {
  const slots = view.number('workers', worker, 'bulkhead', 'slots')
  const min = view.number('workers', worker, 'bulkhead', 'min')
  if (slots === undefined || min === undefined || min <= slots || !view.has('workers', worker, 'bulkhead', 'min'))
    return
  view.complain(
    ['workers', worker, 'bulkhead', 'min'],
    `found ${min}, expected at most slots, which is ${slots}${view.has('workers', worker, 'bulkhead', 'slots') ? '' : ' by default'}`,
  )
}
