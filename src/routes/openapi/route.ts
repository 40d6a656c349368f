import type { Config, DomainReplies, GatherOptions, RouteOptions } from '../../../config/schema/index.ts'
import { problems } from '../../problem.ts'
import { byStatus, failuresOf, hasBody, mayBecomeOperation } from './failures.ts'
import { headersOf, problemType, to } from './parts.ts'
import type { Json } from './parts.ts'
import { schemaRef } from './schemas.ts'
import type { ShownOf } from './schemas.ts'
import { securityOf } from './security.ts'
import { streamAnswers } from './stream.ts'
import { viewAnswers, viewParameters } from './view.ts'

const text = { type: 'string' } as const
const parameter = (place: 'path' | 'header' | 'query', name: string, description: string, required = false): Json => ({
  name,
  in: place,
  ...(required && { required }),
  description,
  schema: text,
})

/** One route as an operation of OpenAPI. */
export function operationOf(
  name: string,
  route: RouteOptions,
  config: Config,
  operationsPath: string,
  shown: ShownOf,
): Json {
  const asked = schemaRef(name, 'request', shown)
  const failures = byStatus(failuresOf(route, config))
  const answers = answersOf(name, route, config, operationsPath, shown)
  const responses: Record<string, unknown> = { ...answers }
  for (const [status, codes] of failures) responses[status] = failed(codes, answers[status])
  return {
    operationId: name,
    summary: summaryOf(name, route),
    tags: [
      route.command?.to ??
        route.query?.to ??
        route.event?.topic ??
        route.view?.topic ??
        route.upstream?.to ??
        route.process?.run ??
        'streams',
    ],
    ...(route.identity !== 'none' && { security: securityOf(route, config) }),
    parameters: parametersOf(route),
    ...(hasBody(route) && { requestBody: bodyOf(route, asked) }),
    responses,
  }
}

function summaryOf(name: string, { command, query, event, stream, view, process }: RouteOptions): string {
  const words = name.replaceAll('-', ' ')
  if (command !== undefined) return `${words}: a command for ${command.to}`
  if (query !== undefined) return `${words}: a query to ${query.to}`
  if (event !== undefined) return `${words}: an event on ${event.topic}`
  if (process !== undefined) return `${words}: the process ${process.run}`
  if (view !== undefined) return `${words}: what ${view.topic} adds up to`
  return `${words}: what comes into ${stream?.topics.join(', ')}`
}

const sourceOf = ({ command, query, event, process }: RouteOptions): string | undefined =>
  (command ?? query ?? event ?? process)?.key

function parametersOf(route: RouteOptions): readonly Json[] {
  const path = [...route.match.matchAll(/:(\w+)/g)].map(([, name = '']) =>
    parameter('path', name, 'A segment of the path.', true),
  )
  const source = sourceOf(route)
  const key = source?.startsWith('header.') === true ? source.slice('header.'.length) : null
  const passed = new Set(route.requestHeaders)
  if (key !== null) passed.add(key)
  const headers = [...passed].map(header =>
    parameter('header', header, header === key ? 'The key of the record.' : 'Passed on to the worker.'),
  )
  const { idempotency, deadlineHeader, stream, view } = route
  if (idempotency !== undefined && idempotency.mode !== 'off')
    headers.push(
      parameter(
        'header',
        'Idempotency-Key',
        'Runs the command once, however often it is sent: a string in quotes.',
        idempotency.key === 'required',
      ),
    )
  if ((route.command ?? route.query)?.positions === true)
    headers.push(parameter('header', 'Sluice-Position', 'What the answer must show: as an earlier answer said.'))
  if (deadlineHeader !== undefined)
    headers.push(parameter('header', deadlineHeader, 'How many milliseconds the client waits.'))
  if (stream === undefined && view === undefined)
    headers.push(parameter('header', 'Prefer', 'RFC 7240: `wait=N`, and `respond-async` where it is offered.'))
  const asked = (stream?.filter ?? []).flatMap(({ equals = '', required }) =>
    equals.startsWith('query.')
      ? [parameter('query', equals.slice('query.'.length), 'Which records are told.', required)]
      : [],
  )
  if (stream !== undefined && route.delivery !== 'volatile')
    headers.push(parameter('header', 'Last-Event-ID', 'Where to go on.'))
  if (stream !== undefined && route.delivery === 'replayable')
    asked.push(parameter('query', 'from', 'Where to begin: `earliest`, a time, or a position.'))
  return [...path, ...asked, ...headers, ...(view === undefined ? [] : viewParameters(view))]
}

function bodyOf(route: RouteOptions, schema: Json | null): Json {
  const plain = schema === null ? ['application/json', '*/*'] : ['application/json']
  const types = route.contentTypes ?? [...eventTypes(route), ...plain]
  return {
    required: schema !== null || sourceOf(route)?.startsWith('body.') === true,
    content: Object.fromEntries(types.map(type => [type, schema === null || !plain.includes(type) ? {} : { schema }])),
  }
}

/** In which an event route takes more than one event, or what its client has made an event of. */
const eventTypes = ({ event }: RouteOptions): readonly string[] => [
  ...(event?.cloudEvents === true ? ['application/cloudevents+json'] : []),
  ...(event?.batch === undefined ? [] : ['application/x-ndjson']),
  ...(event?.batch === undefined || !event.cloudEvents ? [] : ['application/cloudevents-batch+json']),
]

function acceptedOf({ event }: RouteOptions, quota: readonly string[]): Readonly<Record<string, Json>> {
  const answer = (description: string, schema: Json): Json => ({
    description,
    headers: headersOf(...quota),
    content: { 'application/json': { schema } },
  })
  const one = to('schemas/Accepted')
  if (event?.batch === undefined) return { 202: answer('The event is accepted.', one) }
  return {
    202: answer('The event is accepted, or all of them.', { oneOf: [one, to('schemas/Batch')] }),
    207: answer('What became of each event.', to('schemas/Batch')),
  }
}

/** What is answered when nothing fails, by status. */
function answersOf(
  name: string,
  route: RouteOptions,
  config: Config,
  operationsPath: string,
  shown: ShownOf,
): Readonly<Record<string, Json>> {
  const quota = route.quota === undefined ? [] : ['RateLimit', 'RateLimit-Policy']
  if (route.stream !== undefined) return streamAnswers(name, route, shown)
  if (route.view !== undefined) return viewAnswers(name, route.view, quota, shown)
  if (route.event !== undefined) return acceptedOf(route, quota)
  const told = schemaRef(name, 'reply', shown)
  const worker = config.workers[(route.command ?? route.query)?.to ?? '']
  const type = route.contentType ?? worker?.contentType ?? (told === null ? '*/*' : 'application/json')
  const replayed = route.idempotency === undefined ? [] : ['Idempotency-Replayed']
  const reply = {
    description:
      route.process === undefined
        ? `The reply of the ${worker === undefined ? 'upstream' : 'worker'}, with the status that it gives it.`
        : 'What each step of the process was answered.',
    headers: headersOf(...quota, ...replayed),
    content: { [type]: {} },
  }
  if (route.gather !== undefined) return gathered(route.gather, quota)
  if (route.replies !== undefined) return toldBy(route.replies, type, reply)
  const good = told === null ? {} : { '2XX': { ...reply, content: { [type]: { schema: told } } } }
  if (!mayBecomeOperation(route)) return { ...good, default: reply }
  const links = {
    show: { operationId: 'show-operation', parameters: { id: '$response.body#/id' } },
    cancel: { operationId: 'cancel-operation', parameters: { id: '$response.body#/id' } },
    follow: { operationId: 'follow-operation', parameters: { id: '$response.body#/id' } },
  }
  return {
    ...good,
    default: reply,
    202: {
      description: `The command goes on as an operation under ${operationsPath}.`,
      headers: headersOf('Location', 'Retry-After', 'Preference-Applied', ...quota, ...replayed),
      content: { 'application/json': { schema: to('schemas/Operation') } },
      links,
    },
  }
}

/** All replies in one. */
function gathered({ as }: GatherOptions, quota: readonly string[]): Readonly<Record<string, Json>> {
  const part = {
    type: 'object',
    properties: { part: text, status: { type: 'integer' }, body: {}, code: text },
    required: ['status'],
  }
  const schema = as === 'array' ? { type: 'array', items: part } : { type: 'object', additionalProperties: part }
  return {
    200: {
      description: 'What all that were asked have answered, or why they have not.',
      headers: headersOf('Sluice-Partial', ...quota),
      content: { 'application/json': { schema } },
    },
  }
}

/** One answer for each status that a domain event stands for. */
function toldBy({ outcomes }: DomainReplies, type: string, reply: Json): Readonly<Record<string, Json>> {
  const all = new Map<number, string[]>()
  for (const [event, status] of Object.entries(outcomes)) all.set(status, [...(all.get(status) ?? []), event])
  const content = { [type === '*/*' ? 'application/json' : type]: {} }
  return Object.fromEntries(
    [...all].map(([status, events]) => [
      status,
      { ...reply, description: `What ${events.join(' or ')} tells.`, content },
    ]),
  )
}

/** A status of ours, which the worker may answer with too. */
function failed(codes: readonly (keyof typeof problems)[], answer: Json | undefined): Json {
  const told = codes.map(code => `\`${code}\` ${problems[code].title}`).join(' ')
  const content = { [problemType]: { schema: to('schemas/Problem') } }
  return { ...answer, description: told, headers: headersOf('Retry-After'), content }
}
