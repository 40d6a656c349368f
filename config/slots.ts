import type { View } from './view.ts'

/** Checks what the routes to a worker share: its slots. */
export function checkSlots(view: View): void {
  for (const worker of view.names('workers')) checkLimit(view, worker)
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
