import { instead } from './mistake.ts'
import type { View } from './view.ts'

/** What a stream's query means by itself: src/bridge/feeds/asked.ts reads it. */
const reserved: readonly string[] = ['from', 'until', 'lastEventId']

/** Checks that a stream is asked for by GET, and that its filters compare with what there is. */
export function checkStream(view: View, route: string, parameters: readonly string[]): void {
  const match = view.text('routes', route, 'match')
  if (match !== undefined && !match.startsWith('GET '))
    view.complain(['routes', route, 'match'], `found ${JSON.stringify(match)}, expected GET: a stream is only read`)
  for (let at = 0; view.has('routes', route, 'stream', 'filter', `${at}`); at++)
    checkFilter(view, ['routes', route, 'stream', 'filter', `${at}`], parameters)
}

function checkFilter(view: View, filter: readonly string[], parameters: readonly string[]): void {
  const [equals, value] = [view.has(...filter, 'equals'), view.has(...filter, 'value')]
  if (equals && value) view.complain([...filter, 'value'], 'found beside equals, expected just one of equals, value')
  if (!equals && !value) view.complain(filter, 'found none of equals, value, expected just one')
  const text = view.text(...filter, 'equals')
  if (text === undefined) return
  const [place, name = ''] = text.split('.')
  if (place === 'path' && !parameters.includes(name))
    view.complain(
      [...filter, 'equals'],
      `found ${JSON.stringify(text)}, but the path of match has no :${name}, ${instead(name, parameters)}`,
    )
  if (place === 'query' && reserved.includes(name))
    view.complain(
      [...filter, 'equals'],
      `found ${JSON.stringify(text)}, but ${reserved.join(', ')} say where a stream begins and ends: expected another name`,
    )
}
