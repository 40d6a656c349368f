import { instead } from './mistake.ts'
import type { View } from './view.ts'

/** What a stream's query means by itself: src/bridge/feeds/asked.ts reads it. */
const reserved: readonly string[] = ['from', 'until', 'lastEventId']

/** The parameters of a list: src/bridge/views/list.ts reads them. */
const listed: readonly string[] = ['limit', 'cursor', 'prefix']

/** Checks that a view is asked for by GET, and that its indices have names of their own. */
export function checkView(view: View, route: string): void {
  checkGet(view, route, 'view')
  const here = ['routes', route, 'view'] as const
  for (const name of view.names('routes', route, 'view', 'index'))
    if (listed.includes(name))
      view.complain(
        ['routes', route, 'view', 'index', name],
        `found ${JSON.stringify(name)}, but ${listed.join(', ')} are parameters of every list: expected another name`,
      )
  checkColumns(view, [...here, 'columns'], view.text(...here, 'format'))
  if (view.text(...here, 'as') === 'cloudevents' && !view.has(...here, 'key'))
    view.complain(
      [...here, 'as'],
      'found `cloudevents` without `key`, expected only beside it: a list has no headers for each',
    )
  const format = view.text(...here, 'format') ?? 'plain'
  for (const other of view.names('routes')) {
    const topic = view.text('routes', other, 'view', 'topic')
    if (other === route || topic === undefined || topic !== view.text(...here, 'topic')) continue
    const its = view.text('routes', other, 'view', 'format') ?? 'plain'
    if (its !== format && format === 'plain')
      view.complain(here, `found format ${format}, but ${other} shows the same topic as ${its}: expected one for both`)
  }
  const [size, most] = [
    view.number('routes', route, 'view', 'pageSize'),
    view.number('routes', route, 'view', 'maxPageSize'),
  ]
  if (size !== undefined && most !== undefined && size > most)
    view.complain(
      ['routes', route, 'view', 'pageSize'],
      `found ${size}, expected at most maxPageSize, which is ${most}`,
    )
}

/** Checks that a stream is asked for by GET, and that its filters compare with what there is. */
export function checkStream(view: View, route: string, parameters: readonly string[]): void {
  checkGet(view, route, 'stream')
  checkProtocol(view, ['routes', route, 'stream'])
  checkColumns(view, ['routes', route, 'stream', 'columns'], view.text('routes', route, 'stream', 'format'))
  for (let at = 0; view.has('routes', route, 'stream', 'filter', `${at}`); at++)
    checkFilter(view, ['routes', route, 'stream', 'filter', `${at}`], parameters)
}

/** A durable stream is a key of one topic, told as it is. */
function checkProtocol(view: View, stream: readonly string[]): void {
  const isDurable = view.text(...stream, 'protocol') === 'durable-streams'
  if (!isDurable) {
    for (const name of ['key', 'contentType', 'streams'])
      if (view.has(...stream, name))
        view.complain([...stream, name], `found without \`protocol: durable-streams\`, expected only beside it`)
    return
  }
  if (view.has(...stream, 'gatherMs'))
    view.complain([...stream, 'gatherMs'], 'found beside `protocol: durable-streams`, expected only without it')
  if (!view.has(...stream, 'key')) view.complain(stream, 'has no key, expected path.<parameter>: it names the stream')
  if (view.has(...stream, 'topics', '1'))
    view.complain([...stream, 'topics', '1'], 'found a second topic, expected one')
  for (const name of ['filter', 'fields', 'as', 'format'])
    if (view.has(...stream, name))
      view.complain([...stream, name], 'found beside `protocol: durable-streams`, whose streams are told as they are')
}

function checkColumns(view: View, columns: readonly string[], format: string | undefined): void {
  if (view.has(...columns) && format !== 'debezium')
    view.complain(columns, 'found on records as they are, expected only beside `format: debezium`')
}

function checkGet(view: View, route: string, kind: string): void {
  const match = view.text('routes', route, 'match')
  if (match !== undefined && !match.startsWith('GET '))
    view.complain(['routes', route, 'match'], `found ${JSON.stringify(match)}, expected GET: a ${kind} is only read`)
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
