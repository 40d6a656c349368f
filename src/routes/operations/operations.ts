import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Resources, Seen } from '../../bridge/operations/index.ts'
import type { Reply } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { ClientOf } from '../client.ts'
import type { Exchange } from '../exchange.ts'
import type { Params } from '../key.ts'
import { tellEvents } from './events.ts'
import { mayPassOut } from '../names.ts'
import { preferencesOf } from '../prefer.ts'
import type { Tenancy } from '../tenant.ts'
import type { Clients } from '../streams/clients.ts'
import type { Resource } from '../resource.ts'

export type OperationRoutes = Readonly<{
  operations: Resources
  streams: number // clients that hear events at once
  routes: Readonly<Record<string, Pick<RouteOptions, 'replyHeaders'>>>
}>

/** `clients` are those that hear events; one that reads nothing is waited for `flushMs`. */
export type OperationParts = Readonly<{
  clientOf: ClientOf
  tenancy?: Tenancy | null
  clients: Clients
  flushMs: number
}>

const longestWaitMs = 60_000
const [usualPage, largestPage] = [50, 500]
const none: ReadonlySet<string> = new Set()

/** The operations as resources: each client sees its own. */
export function operationRoutes(
  { operations, routes }: OperationRoutes,
  { clientOf, tenancy = null, clients, flushMs }: OperationParts,
): readonly Resource[] {
  const { path } = operations
  const passes = new Map(
    // its ETag is that of another resource
    Object.entries(routes).map(([name, { replyHeaders }]) => [
      name,
      new Set(replyHeaders.filter(header => mayPassOut(header) && header !== 'etag')),
    ]),
  )
  const client = ({ connection, identity, req }: Exchange): string => {
    const name = identity?.client ?? clientOf(connection.peer, req.headers)
    return tenancy === null ? name : `${tenancy(identity, req.headers).name}:${name}`
  }

  async function show(exchange: Exchange, { id = '' }: Params): Promise<void> {
    const known = await operations.find(client(exchange), id)
    if (known === null) throw unknown()
    const seen = await patient(exchange, operations, known)
    if (seen === null) throw unknown()
    exchange.outcome = seen.outcome
    const own = [
      ['ETag', `"${seen.version}"`],
      ['Sluice-Operation', seen.state.state],
    ] as const
    if (isKnown(exchange, seen.version)) return exchange.reply({ status: 304, headers: [], own, body: nothing }, none)
    if (seen.answer instanceof Problem) return exchange.refuse(seen.answer, own.flat())
    const reply: Reply = { ...seen.answer, own: [...(seen.answer.own ?? []), ...own] }
    exchange.reply(reply, passes.get(seen.state.route) ?? none)
  }

  async function list(exchange: Exchange): Promise<void> {
    const query = new URLSearchParams((exchange.req.url ?? '').split('?')[1] ?? '')
    const limit = limitOf(query.get('limit'))
    const page = operations.list(client(exchange), limit, query.get('after'))
    const last = page.length === limit ? page.at(-1)?.id : undefined
    const next = last === undefined ? {} : { next: `${path}?limit=${limit}&after=${last}` }
    exchange.reply(
      {
        status: 200,
        headers: json,
        own: [
          ['Cache-Control', 'no-store'],
          ...Object.values(next).map(url => ['Link', `<${url}>; rel="next"`] as const),
        ],
        body: Buffer.from(JSON.stringify({ operations: page, ...next })),
      },
      none,
    )
  }

  async function cancel(exchange: Exchange, { id = '' }: Params): Promise<void> {
    const seen = await operations.cancel(client(exchange), id)
    if (seen === null) throw unknown()
    exchange.outcome = seen.outcome
    const { state } = seen
    // asked, and the worker has not said yet what becomes of it
    const status = state.state === 'pending' ? 202 : 200
    const own = [['Sluice-Operation', state.state]] as const
    exchange.reply({ status, headers: json, own, body: Buffer.from(JSON.stringify(state)) }, none)
  }

  async function tell(exchange: Exchange, { id = '' }: Params): Promise<void> {
    const own = client(exchange)
    const seen = await operations.find(own, id)
    if (seen === null) throw unknown()
    exchange.outcome = seen.outcome
    tellEvents({ operations, clients, flushMs }, exchange, own, seen)
  }

  return [
    { method: 'GET', path, serve: list },
    { method: 'GET', path: `${path}/:id`, serve: show },
    { method: 'DELETE', path: `${path}/:id`, serve: cancel },
    { method: 'GET', path: `${path}/:id/events`, serve: tell },
  ]
}

const nothing = Buffer.alloc(0)
const json = [['content-type', 'application/json']] as const
const unknown = (): Problem => new Problem('unknown-operation', 'No operation of yours has this id.')

/** With `Prefer: wait` it is looked at again until it has ended, or is no longer as its client knows it. */
async function patient(exchange: Exchange, operations: Resources, seen: Seen): Promise<Seen | null> {
  const prefer = exchange.req.headers['prefer'] as string | undefined
  const wait = prefer === undefined ? null : preferencesOf(prefer).wait
  if (wait === null || wait * 1_000 > longestWaitMs) return seen
  exchange.wait = wait
  const conditional = exchange.req.headers['if-none-match'] !== undefined
  const isWanted = (now: Seen): boolean =>
    now.state.state !== 'pending' || (conditional && !isKnown(exchange, now.version))
  return await operations.until(seen.state.id, isWanted, wait * 1_000, exchange.aborter())
}

/** RFC 9110, 13.1.2. */
function isKnown({ req }: Exchange, version: number): boolean {
  const field = req.headers['if-none-match']
  if (field === undefined) return false
  return field.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === `"${version}"`)
}

function limitOf(text: string | null): number {
  if (text === null) return usualPage
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > largestPage)
    throw new Problem('invalid-request', `A page has 1 to ${largestPage} operations.`)
  return limit
}
