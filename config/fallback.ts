import { keysOf, optionAt } from './option.ts'
import { nearest } from './mistake.ts'
import { checkUpstreamNamed } from './upstreams.ts'
import type { View } from './view.ts'

const kinds = ['stale', 'fixed', 'upstream'] as const

/** Checks the steps of each route's fallback: that each is one thing, can be reached, and fits the route. */
export function checkFallbacks(view: View): void {
  for (const route of view.names('routes')) {
    if (!view.has('routes', route, 'fallback')) continue
    if (view.has('routes', route, 'event'))
      view.complain(['routes', route, 'fallback'], 'found on an event, expected on commands and queries only')
    const isCommand = view.has('routes', route, 'command')
    let final: number | null = null
    for (let at = 0; view.has('routes', route, 'fallback', `${at}`); at++) {
      const step = ['routes', route, 'fallback', `${at}`] as const
      if (final !== null) view.complain(step, `found behind step ${final}, a fixed answer, which never fails`)
      checkKind(view, step)
      checkBody(view, step)
      checkUpstream(view, [...step, 'upstream'])
      if (isCommand && view.has(...step, 'stale'))
        view.complain([...step, 'stale'], 'found on a command, expected on queries only: fixed or upstream')
      if (final === null && view.has(...step, 'fixed')) final = at
    }
  }
}

function checkKind(view: View, step: readonly string[]): void {
  const given = kinds.filter(kind => view.has(...step, kind))
  const [first, second] = given
  if (second !== undefined)
    view.complain([...step, second], `found beside ${first}, expected just one of ${kinds.join(', ')}`)
  else if (first === undefined && view.isMapping(...step) && !misspelt(view, step))
    view.complain(step, `found none of ${kinds.join(', ')}, expected just one`)
}

/** An unknown option that is a misspelt kind has been complained of. */
function misspelt(view: View, step: readonly string[]): boolean {
  const option = optionAt(step)
  const known = option === null ? [] : keysOf(option)
  return view.names(...step).some(name => !known.includes(name) && nearest(name, known) !== null)
}

function checkUpstream(view: View, path: readonly string[]): void {
  if (!view.isMapping(...path)) return
  const [url, to] = [view.has(...path, 'url'), view.has(...path, 'to')]
  if (url === to)
    view.complain(path, `found ${url ? 'both' : 'neither'} url ${url ? 'and' : 'nor'} to, expected just one of the two`)
  checkUpstreamNamed(view, [...path, 'to'])
}

function checkBody(view: View, step: readonly string[]): void {
  if (view.has(...step, 'fixed', 'body') && view.has(...step, 'fixed', 'bodyFile'))
    view.complain([...step, 'fixed', 'bodyFile'], 'found beside body, expected just one of the two')
}
