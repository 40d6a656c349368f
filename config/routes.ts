import { instead, nearest } from './mistake.ts'
import { keysOf, optionAt } from './option.ts'
import { checkStream, checkView } from './streams.ts'
import { checkUpstreamRoute } from './upstreams.ts'
import type { View } from './view.ts'

const kinds = ['command', 'query', 'event', 'stream', 'view', 'process'] as const
type Kind = (typeof kinds)[number]

/** Checks each route against its own options, the workers and the other routes. */
export function checkRoutes(view: View): void {
  const patterns = new Map<string, string>()
  for (const route of view.names('routes')) {
    const given = kinds.filter(kind => view.has('routes', route, kind))
    checkKind(view, route, given)
    checkUpstreamRoute(view, route, given)
    checkMatch(view, route, patterns)
    checkCors(view, route)
    for (const kind of given) {
      checkKey(view, route, kind)
      if (kind === 'command' || kind === 'query') checkWorker(view, route, kind)
      if (kind === 'view') checkView(view, route)
      if (kind === 'stream') checkStream(view, route, parametersOf(view.text('routes', route, 'match') ?? ''))
    }
    checkDelivery(view, route, given)
    checkBatch(view, route)
    checkSpool(view, route, given)
  }
}

function checkKind(view: View, route: string, given: readonly Kind[]): void {
  const [, second] = given
  if (second !== undefined)
    view.complain(
      ['routes', route, second],
      `found beside ${given[0]}, expected just one of ${kinds.join(', ')}, upstream`,
    )
  else if (given.length === 0 && !view.has('routes', route, 'upstream') && !misspelt(view, route))
    view.complain(['routes', route], `found none of ${kinds.join(', ')}, upstream, expected just one`)
}

/** An unknown option that is a misspelt kind has been complained of. */
function misspelt(view: View, route: string): boolean {
  const option = optionAt(['routes', route])
  const known = option === null ? [] : keysOf(option)
  const isKind = (name: string | null): boolean => name === 'upstream' || kinds.some(kind => kind === name)
  return (
    !view.isMapping('routes', route) ||
    view.names('routes', route).some(name => !known.includes(name) && isKind(nearest(name, known)))
  )
}

function checkMatch(view: View, route: string, patterns: Map<string, string>): void {
  const match = view.text('routes', route, 'match')
  if (match === undefined) return
  const names = parametersOf(match)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) view.complain(['routes', route, 'match'], `found :${twice} twice, expected different names`)
  const pattern = match.replaceAll(/:\w+/g, ':') // case and a slash at the end tell paths apart, as in src/routes
  const other = patterns.get(pattern)
  if (other === undefined) patterns.set(pattern, route)
  else
    view.complain(
      ['routes', route, 'match'],
      `found ${JSON.stringify(match)}, which routes.${other} has already, expected another method or path`,
    )
}

const parametersOf = (match: string): readonly string[] => [...match.matchAll(/:(\w+)/g)].map(([, name = '']) => name)

function checkKey(view: View, route: string, kind: Kind): void {
  const key = view.text('routes', route, kind, 'key')
  const match = view.text('routes', route, 'match')
  if (key === undefined || match === undefined) return
  const [from, ...rest] = key.split('.')
  const name = rest.join('.')
  const complain = (message: string): void => view.complain(['routes', route, kind, 'key'], message)
  if (from === 'body' && view.has('routes', route, 'contentEncodings'))
    complain(
      `found ${JSON.stringify(key)} beside contentEncodings, but a coded body is not read: take it from the path or a header`,
    )
  if (from === 'path') {
    const names = parametersOf(match)
    if (!names.includes(name))
      complain(`found ${JSON.stringify(key)}, but the path of match has no :${name}, ${instead(name, names)}`)
  } else if (from === 'body' && /^(GET|HEAD) /.test(match))
    complain(
      `found ${JSON.stringify(key)}, but a ${match.split(' ')[0]} has no body: take it from the path or a header`,
    )
}

function checkCors(view: View, route: string): void {
  if (view.truth('routes', route, 'cors', 'credentials') !== true) return
  for (let at = 0; view.has('routes', route, 'cors', 'origins', String(at)); at++)
    if (view.text('routes', route, 'cors', 'origins', String(at)) === '*')
      view.complain(
        ['routes', route, 'cors', 'origins', String(at)],
        'found "*" beside credentials, expected the origins by name: browsers take it from nobody',
      )
}

function checkWorker(view: View, route: string, kind: Kind): void {
  const to = view.text('routes', route, kind, 'to')
  const workers = view.names('workers')
  if (to === undefined || workers.includes(to)) return
  view.complain(
    ['routes', route, kind, 'to'],
    `found ${JSON.stringify(to)}, which is no worker, ${instead(to, workers)}`,
  )
}

function checkDelivery(view: View, route: string, given: readonly Kind[]): void {
  if (given.length !== 1) return
  if (given[0] === 'stream') return
  if (given[0] !== 'event') {
    if (view.has('routes', route, 'delivery') && !view.wrong('routes', route, 'delivery'))
      view.complain(['routes', route, 'delivery'], `found on a ${given[0]}, expected on events and streams only`)
    return
  }
  const delivery = view.text('routes', route, 'delivery')
  const acks = view.text('routes', route, 'event', 'acks')
  if (delivery === undefined || acks === undefined) return
  if (delivery !== 'volatile' && acks !== 'all')
    view.complain(
      ['routes', route, 'event', 'acks'],
      `found ${JSON.stringify(acks)}, but delivery ${delivery} promises to keep the event: expected "all", or delivery volatile`,
    )
  else if (acks === 'none' && view.truth('routes', route, 'event', 'expose') === true)
    view.complain(
      ['routes', route, 'event', 'expose'],
      'found true, but with acks none nobody says where the record is',
    )
}

/** What is coded cannot be looked into. */
function checkBatch(view: View, route: string): void {
  if (!view.has('routes', route, 'contentEncodings', '0')) return
  const cuts = view.has('routes', route, 'event', 'batch')
  if (!cuts && view.truth('routes', route, 'event', 'cloudEvents') !== true) return
  view.complain(
    ['routes', route, 'contentEncodings'],
    `found beside event.${cuts ? 'batch' : 'cloudEvents'}, but events are not looked for in a coded body: expected just one of both`,
  )
}

/** What is kept on disk is kept for a promise: that of an event which all replicas must have. */
function checkSpool(view: View, route: string, given: readonly Kind[]): void {
  if (view.truth('routes', route, 'spool') !== true || given.length !== 1) return
  const complain = (message: string): void => view.complain(['routes', route, 'spool'], message)
  const acks = view.text('routes', route, 'event', 'acks')
  const later = ['offer', 'always'].includes(view.text('routes', route, 'async') ?? '')
  if (given[0] === 'command' && !later)
    complain('found on a command that is never answered 202, expected async offer or always beside it')
  else if (given[0] === 'command' && view.has('routes', route, 'idempotency'))
    complain('found beside idempotency: who has a key is decided by the log, which is away when it matters')
  else if (given[0] !== 'event' && given[0] !== 'command')
    complain(`found on a ${given[0]}, expected on events and commands only`)
  else if (view.text('routes', route, 'delivery') === 'volatile' || (acks !== undefined && acks !== 'all'))
    complain('found true, but the event is not promised to survive: expected delivery consumable or replayable')
  else if (!view.has('spool')) complain('found true, but there is no section spool: expected one with file')
  else checkPatience(view, route)
}

/** Whoever leaves at its timeout is not there any more when its event would be put on disk. */
function checkPatience(view: View, route: string): void {
  const [afterMs, timeoutMs] = [view.number('spool', 'afterMs'), view.number('routes', route, 'timeoutMs')]
  if (afterMs !== undefined && timeoutMs !== undefined && afterMs >= timeoutMs)
    view.complain(
      ['routes', route, 'timeoutMs'],
      `found ${timeoutMs}, expected more than spool.afterMs, which is ${afterMs}: until then the brokers are waited for`,
    )
}
