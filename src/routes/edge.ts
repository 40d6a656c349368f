import { Router } from 'express'
import type { ServerOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Tracing } from '../trace.ts'
import { answer } from './answer.ts'
import { clientOf, subnetOf, trustOf } from './client.ts'
import { corsOf } from './cors.ts'
import type { Cors } from './cors.ts'
import { Connection } from './connection.ts'
import { Exchange } from './exchange.ts'
import type { Door } from './exchange.ts'
import { answerEvents } from './events/answer.ts'
import type { FaultsOf } from './fault.ts'
import type { CallbackOf } from './patience.ts'
import type { Admit } from './identity/guard.ts'
import { fieldsOf } from './fields.ts'
import { headProblem } from './head.ts'
import type { Params } from './key.ts'
import type { Inbound } from './inbound.ts'
import type { Shared, Way } from './intake.ts'
import { methodsOf, optionsReply } from './options.ts'
import type { Offer } from './options.ts'
import { operationRoutes } from './operations/index.ts'
import type { OperationRoutes } from './operations/index.ts'
import type { Outbound } from './outbound.ts'
import { encodedSlash, hasEncodedSlash } from './target.ts'
import type { Tenancy } from './tenant.ts'
import { priorityOf } from './priority.ts'
import { resource } from './resource.ts'
import type { Resource } from './resource.ts'
import { answerStream } from './streams/answer.ts'
import { durableHeaders } from './streams/durable.ts'
import { Clients } from './streams/clients.ts'

export type EdgeOptions = Readonly<{
  ways: readonly Way[]
  server: ServerOptions
  partitionFor: Shared['partitionFor']
  entrance?: Shared['entrance']
  faultsOf?: FaultsOf | null
  callbackOf?: CallbackOf | null
  operations?: OperationRoutes | null
  resources?: readonly Resource[]
  tracing?: Tracing | null
  /** What stands before the id of a call, for whoever wants to know more of it: of a URN or a URL. */
  calls?: string | undefined
  /** Whose a request is; null: nobody shares the gateway. */
  tenancy?: Tenancy | null
  /** Who asks clients who they are; null: no route does. */
  admit?: Admit | null
}>

/** All ways in behind one listener. */
export type Edge = Readonly<{
  handle: (req: Inbound, res: Outbound, connection?: Connection) => void
  door: Door
  /** The clients of each stream. */
  streams: readonly Clients[]
  /** The longest that a body may take to arrive. */
  longestBodyMs: number
}>

const methods = { GET: 'get', HEAD: 'head', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const
type Match = [keyof typeof methods, string] // the configuration was checked

/**
 * Routes requests by method and path: strict, case-sensitive, fixed segments before parameters. Express's Router, which tries one
 * path after the other, is asked for those with parameters; it stands here without its application, which would change the
 * prototypes of every request and response (10 µs). Throws an Error for a route that could never be served.
 */
export function edge({
  ways,
  server,
  partitionFor,
  entrance = null,
  faultsOf = null,
  callbackOf = null,
  operations = null,
  resources = [],
  tracing = null,
  calls,
  admit = null,
  tenancy = null,
}: EdgeOptions): Edge {
  const { limits, trustedProxies, priorityHeader } = server
  const named = clientOf(trustedProxies)
  const shared: Shared = {
    clientOf: (peer, headers) => subnetOf(named(peer, headers)),
    priorityOf: priorityOf(priorityHeader, trustOf(trustedProxies)),
    partitionFor,
    bodyTimeoutMs: limits.bodyTimeoutMs,
    entrance,
    faultsOf,
    callbackOf,
    tracing,
    tenancy,
    fixed: new Set(Object.keys(server.headers)),
  }
  const door: Door = {
    closing: limits.keepAliveMs === 0,
    flushMs: limits.bodyTimeoutMs,
    fields: fieldsOf(server),
    calls,
  }
  const router = Router({ caseSensitive: true, strict: true })
  const fixed = new Map<string, Serve>() // by method and path: what has no parameters needs no search
  const offersOf = new Map<string, Offer[]>()
  const streams: Clients[] = []

  const serving = (way: Way): ReturnType<typeof answer> => {
    const { stream } = way.route
    if (way.route.event !== undefined) return answerEvents(way, shared)
    if (stream === undefined) return answer(way.route.view === undefined ? way : conditional(way), shared)
    const clients = new Clients(way.name, stream)
    streams.push(clients)
    if (stream.protocol === 'sluice') return answerStream(way, stream, clients, shared)
    const told = { ...way, route: { ...way.route, requestHeaders: [...way.route.requestHeaders, ...durableHeaders] } }
    const [plain, live] = [answer(told, shared), answerStream(told, stream, clients, shared)]
    return (exchange, params) => (/[?&]live=sse(&|$)/.test(exchange.req.url ?? '') ? live : plain)(exchange, params)
  }

  const slashes = ways.some(({ route }) => route.encodedSlashes)
  /** Refuses encoded slashes, which others allow: where none does, they have been refused before. */
  const plainly = (serve: Serve): Serve =>
    !slashes
      ? serve
      : (exchange, params) => {
          if (hasEncodedSlash(exchange.req.url ?? '')) exchange.refuse(new Problem('invalid-request', encodedSlash))
          else serve(exchange, params)
        }
  const add = (method: Match[0], path: string, serve: Serve, cors: Cors | null = null): void => {
    router[methods[method]](path, req => serve(exchangeOf(req), req.params as Params))
    const known = offersOf.get(path) ?? []
    for (const each of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
      known.push({ method: each, cors })
      const name = `${each} ${path}`
      if (!path.includes(':') && !fixed.has(name)) fixed.set(name, serve)
    }
    offersOf.set(path, known)
  }
  /** Of clients that say who they are; others are their address. */
  const known = (serve: Serve): Serve => (admit === null ? serve : admit.resource(serve))
  if (operations !== null) {
    const limits = { clients: operations.streams, clientsPerAddress: operations.streams, retryMs: 1_000 }
    const clients = new Clients('operations', limits)
    streams.push(clients)
    const parts = { clientOf: shared.clientOf, tenancy, clients, flushMs: door.flushMs }
    for (const one of operationRoutes(operations, parts)) add(one.method, one.path, plainly(known(resource(one))))
  }
  for (const one of resources) add(one.method, one.path, resource(one))
  for (const way of [...ways].sort(byPlainness)) {
    const [method, path] = way.route.match.split(' ') as Match
    const cors = corsOf(way.route)
    const served = admit === null || way.route.identity === 'none' ? serving(way) : admit.route(way, serving(way))
    const serve = way.route.encodedSlashes ? served : plainly(served)
    const all = way.route.stream?.protocol === 'durable-streams' ? durableMethods : [method]
    for (const each of all) add(each, path, cors === null ? serve : crossing(cors, serve), cors)
  }

  const paths = Router({ caseSensitive: true, strict: true })
  for (const [path, known] of offersOf)
    paths.all(path, (req, _res, next) => {
      const exchange = exchangeOf(req)
      exchange.offers = [...(exchange.offers ?? []), ...known]
      next()
    })

  const missed = (exchange: Exchange, error: unknown): void => {
    const { req, res } = exchange
    if (error !== undefined && error !== null) return exchange.refuse(problemOf(error))
    paths(req as never, res as never, () => {
      if (exchange.offers === null) return exchange.refuse(new Problem('unknown-route', 'No route has this path.'))
      if (req.method === 'OPTIONS') return exchange.reply(optionsReply(exchange.offers, req.headers), none)
      const list = methodsOf(exchange.offers)
      exchange.refuse(new Problem('method-not-allowed', `The path is served with ${list}.`), ['Allow', list])
    })
  }

  const handle: Edge['handle'] = (req, res, connection = Connection.of(req.socket)) => {
    if (connection.broken) return // never answered: the connection ends with the answer before it
    const exchange = new Exchange(req, res, connection, door)
    req.exchange = exchange
    const problem = headProblem(req, limits, slashes)
    if (problem !== null) {
      exchange.last = true
      exchange.refuse(problem)
      return
    }
    const direct = fixed.get(`${req.method} ${pathOf(req.url ?? '')}`)
    if (direct !== undefined) serveDirectly(direct, exchange)
    else if (req.method === 'OPTIONS') missed(exchange, null) // the router would answer by itself, as text
    else router(req as never, res as never, (error: unknown) => missed(exchange, error))
  }
  const bodiesMs = ways.map(({ route }) => route.event?.batch?.timeoutMs ?? 0)
  return { handle, door, streams, longestBodyMs: Math.max(limits.bodyTimeoutMs, ...bodiesMs) }
}

export type Serve = (exchange: Exchange, params: Params) => void

/** Without its query. */
function pathOf(url: string): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

function serveDirectly(serve: Serve, exchange: Exchange): void {
  try {
    serve(exchange, noParams)
  } catch (error) {
    exchange.refuse(Problem.from(error))
  }
}
const noParams: Params = {}

/** The answers of a route that pages of other origins may read. */
const crossing =
  (cors: Cors, serve: Serve): Serve =>
  (exchange, params) => {
    const fields = cors.fields(exchange.req.headers.origin)
    exchange.fields = exchange.fields === null ? fields : [...exchange.fields, ...fields]
    serve(exchange, params)
  }

const none: ReadonlySet<string> = new Set()

/** What a durable stream is asked with, and what it must know of its requests. */
const durableMethods = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** What a view must know of its requests, whatever the route lists. */
const conditions = ['if-none-match', 'if-modified-since', 'prefer']
const conditional = (way: Way): Way => ({
  ...way,
  route: { ...way.route, requestHeaders: [...way.route.requestHeaders, ...conditions] },
})

const exchangeOf = (req: unknown): Exchange => (req as Inbound).exchange as Exchange

const problemOf = (error: unknown): Problem =>
  error instanceof URIError ? new Problem('invalid-request', 'The path is not UTF-8.') : Problem.from(error)

/** `/orders/latest` before `/orders/:orderId`, whatever their order in the configuration; a HEAD of its own before GET's. */
const byPlainness = (a: Way, b: Way): number => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)
const rank = ({ route }: Way): string =>
  route.match
    .split('/')
    .map(segment => (segment.startsWith(':') ? 2 : segment.startsWith('HEAD') ? 0 : 1))
    .join('')
