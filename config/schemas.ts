import { formatOf } from '../src/format.ts'
import type { View } from './view.ts'

const places = ['request', 'reply', 'event', 'record', 'key'] as const
type Place = (typeof places)[number]
/** Of what is read; the others are of what is written. */
const read: ReadonlySet<string> = new Set<Place>(['reply', 'record', 'key'])
const kinds = ['command', 'query', 'event', 'stream', 'view'] as const

/** Which kinds of routes have a schema at which place. */
const where: Readonly<Record<Place, readonly string[]>> = {
  request: ['command', 'query'],
  reply: ['command', 'query'],
  event: ['event'],
  record: ['stream', 'view'],
  key: ['stream', 'view'],
}

/** Checks that schemas stand where there is something that they describe. */
export function checkSchemas(view: View): void {
  for (const route of view.names('routes')) {
    const kind = kinds.find(kind => view.has('routes', route, kind))
    if (kind === undefined || !view.has('routes', route, 'schema')) continue
    for (const place of places) if (view.has('routes', route, 'schema', place)) checkPlace(view, route, kind, place)
    if (view.has('routes', route, 'contentEncodings', '0'))
      view.complain(
        ['routes', route, 'contentEncodings'],
        'found beside schema, but a coded body is not read: expected just one of the two',
      )
  }
}

function checkPlace(view: View, route: string, kind: string, place: Place): void {
  const path = ['routes', route, 'schema', place]
  const complain = (option: string | null, message: string): void =>
    view.complain(option === null ? path : [...path, option], message)
  if (!where[place].includes(kind))
    complain(null, `found on ${article(kind)}, expected on ${where[place].map(article).join(' or ')}`)
  if (!read.has(place) && /^(GET|HEAD) /.test(view.text('routes', route, 'match') ?? ''))
    complain(null, 'found on a route whose requests have no body')
  checkPlaceOf(view, path, place)
  if (kind === 'stream' && view.text('routes', route, 'stream', 'protocol') === 'durable-streams')
    complain(null, 'found beside `protocol: durable-streams`, whose streams are told as they are')
  if (kind === 'view') checkShared(view, route, place, complain)
  const file = view.text(...path, 'file')
  if (
    file !== undefined &&
    !read.has(place) &&
    view.text(...path, 'mode') === 'observe' &&
    formatOf(file, view.text(...path, 'format')) !== 'json'
  )
    complain('mode', 'found observe, but what does not fit cannot be written: expected it with JSON Schema only')
}

/** Routes that show the same topic show the same rows. */
function checkShared(view: View, route: string, place: Place, complain: (at: null, message: string) => void): void {
  const schemaOf = (name: string): string =>
    JSON.stringify(
      ['file', 'registry', 'name', 'message'].map(part => view.text('routes', name, 'schema', place, part)),
    )
  const topicOf = (name: string): string | undefined => view.text('routes', name, 'view', 'topic')
  const other = view
    .names('routes')
    .find(name => topicOf(name) === topicOf(route) && schemaOf(name) !== schemaOf(route))
  if (other !== undefined)
    complain(null, `found another than that of ${other}, which shows the same topic: expected one for both`)
}

/** Where it is: in a file or in the registry. */
function checkPlaceOf(view: View, path: readonly string[], place: string): void {
  if (!view.isMapping(...path) || view.wrong(...path)) return
  const complain = (option: string | null, message: string): void =>
    view.complain(option === null ? path : [...path, option], message)
  const registry = view.text(...path, 'registry')
  if (registry === undefined) {
    if (!view.has(...path, 'file')) complain(null, 'found none of file, registry, expected just one')
    return
  }
  if (view.has(...path, 'file')) complain('file', 'found beside registry, expected just one of file, registry')
  if (!view.has('registry')) complain('registry', 'found without the section registry, expected it with url')
  const named = registry === 'record' || registry === 'subject'
  if (named !== view.has(...path, 'name'))
    complain(
      named ? null : 'name',
      named
        ? `found registry ${registry} without name, expected both`
        : `found beside registry ${registry}, which needs none`,
    )
  if (registry === 'id' && !read.has(place))
    complain('registry', 'found id, expected it of what is read only: what is written has none yet')
  if (!read.has(place) && view.text(...path, 'mode') === 'observe')
    complain(
      'mode',
      'found observe, but what does not fit cannot be written: expected it with a file of JSON Schema only',
    )
}

const article = (kind: string): string => `${kind === 'event' ? 'an' : 'a'} ${kind}`
