import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { RouteOptions } from '../../config/schema/index.ts'
import { unsent } from '../call.ts'
import type { Call, CommandId, Entrance, Entrant, Pair, Priority, Reply, Service } from '../call.ts'
import type { Instant } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { ClientOf } from './client.ts'
import type { Exchange } from './exchange.ts'
import type { FaultsOf } from './fault.ts'
import { claimsTold } from './identity/claims.ts'
import type { Identity } from './identity/claims.ts'
import { keyOf } from './key.ts'
import type { Params } from './key.ts'
import { fromField, mayPassIn } from './names.ts'
import { patienceOf } from './patience.ts'
import type { CallbackOf } from './patience.ts'
import { repeatOf } from './repeat.ts'
import { claimsOf } from './claims.ts'
import { prefixed } from './tenant.ts'
import type { Tenancy, Tenant } from './tenant.ts'
import type { PriorityOf } from './priority.ts'
import { traceOf } from './trace.ts'
import type { Traced, Tracing } from '../trace.ts'

/** One way in: a configured route, the topic that its records go to (empty where there is none), and who serves its calls. */
export type Way = Readonly<{
  name: string
  route: RouteOptions
  topic: string
  service: Service<Call, Reply>
  /** Topics of the workers that serve it for tenants with own ones, by the worker's name. */
  own?: ReadonlyMap<string, string>
  unplaced?: boolean // its calls may come while the partitions of the topic are not known: their partition is −1 then
}>
/** What all ways in share. `partitionFor` may throw a Problem. */
export type Shared = Readonly<{
  clientOf: ClientOf
  priorityOf: PriorityOf
  partitionFor: (topic: string, key: Uint8Array | null) => number
  bodyTimeoutMs: number
  entrance: ((entrant: Entrant) => Entrance) | null // null: whoever comes is let in
  faultsOf: FaultsOf | null // null: no request may ask for faults
  tracing: Tracing | null // null: no span is made
  tenancy?: Tenancy | null // null: nobody shares the gateway
  fixed?: ReadonlySet<string> // headers of every answer, which no reply says otherwise
  callbackOf?: CallbackOf | null // null: no client may name a callback
}>
/** Makes calls of a route's requests. Both throw a Problem when the request is none of it. */
export type Intake = Readonly<{
  worker: string
  /** Whether there is a body to be read first: one that the route takes. */
  hasBody: (exchange: Exchange) => boolean
  /** The content codings that the route takes, for `Accept-Encoding`. */
  codings: string
  enter: (exchange: Exchange, params: Params, body: Buffer, priority: Priority) => Call
  /** The same call with another key: as its tenant has it, and at its partition. */
  keyed: (call: Call, key: Uint8Array) => Call
}>

const noPairs: readonly Pair[] = []
const longestHeaders = 8_192

/** Prepares all that a route's requests have in common. Throws an Error for a route that could never be served. */
export function intake(
  { name, route, topic, own, unplaced = false }: Way,
  { clientOf, partitionFor, faultsOf, tracing, callbackOf = null, tenancy: tenants = null }: Shared,
): Intake {
  const { bodyBytes, requestHeaders, claimHeaders } = route
  const to = route.command ?? route.query
  const worker = to?.to ?? route.process?.run ?? route.upstream?.to ?? topic
  const source = (to ?? route.event ?? route.view ?? route.process ?? route.stream)?.key
  const listens = route.view !== undefined || to?.positions === true
  const ttlMs = Math.max(route.timeoutMs, route.commandTtlMs ?? 0)
  const patience = patienceOf(route, callbackOf)
  const repeats = route.idempotency !== undefined && route.idempotency.mode !== 'off'
  const types = route.contentTypes === undefined ? null : new Set(route.contentTypes.map(mediaType))
  const coded = new Set<string>(['identity', ...route.contentEncodings, ...route.decode])
  const codings = [...coded].join(', ')
  const key = keyOf(source)
  for (const header of requestHeaders)
    if (!mayPassIn(header)) throw new Error(`routes.${name}.requestHeaders: ${header} can never be passed on.`)

  const claimed = Object.entries(claimHeaders)
  for (const [header] of claimed)
    if (!mayPassIn(header)) throw new Error(`routes.${name}.claimHeaders: ${header} can never be passed on.`)
  const tell = (identity: Identity | null, pairs: readonly Pair[]): readonly Pair[] =>
    identity === null || claimed.length === 0 ? pairs : [...pairs, ...claimsTold(identity.claims, claimed)]

  const tenancy = route.tenant === 'none' ? null : tenants
  const claims = claimsOf(route)
  const place = (topic: string, key: Uint8Array | null): number => {
    if (topic === '') return -1 // of an upstream alone
    try {
      return partitionFor(topic, key)
    } catch (error) {
      if (unplaced) return -1
      throw error
    }
  }
  const template = route.match.slice(route.match.indexOf('/'))
  const traced = ({ req, started }: Exchange): Traced => {
    const { method = 'GET', url = '' } = req
    return { method, template, path: url.split('?', 1)[0] ?? '', started }
  }
  const enter = (exchange: Exchange, params: Params, body: Buffer, priority: Priority): Call => {
    const { req, started } = exchange
    const { headers, url = '' } = req
    const { identity } = exchange
    const said = claims === null ? null : claims(identity)
    const tenant = tenancy === null ? null : tenancy(identity, headers)
    const given = key(params, headers, body, identity?.claims ?? null)
    const bytes = tenant === null ? given : prefixed(tenant, given)
    const client = identity?.client ?? clientOf(exchange.connection.peer, headers)
    const served = tenant?.workers.get(worker) ?? worker
    const common = said?.topic ?? topic
    const target =
      tenant === null
        ? common
        : (own?.get(served) ?? (route.event === undefined ? common : (tenant.topics.get(common) ?? common)))
    const mark = url.indexOf('?')
    const { waitMs, acceptMs, callback } = patience(exchange, headers)
    const aborter = exchange.aborter()
    return {
      id: exchange.id,
      command: randomUUID() as string as CommandId,
      route: name,
      worker: to === undefined ? target : served,
      client: tenant === null ? client : `${tenant.name}:${client}`,
      ...(tenant !== null && { tenant }),
      ...(said?.account !== undefined && { account: said.account }),
      priority: said?.priority ?? priority,
      topic: target,
      key: bytes,
      partition: place(target, bytes),
      body,
      told: {
        method: req.method ?? 'GET',
        path: mark === -1 ? url : url.slice(0, mark),
        query: mark === -1 ? '' : url.slice(mark + 1),
        params: pairsOf(params),
        headers: told(
          tenant,
          tell(identity, requestHeaders.length === 0 ? noPairs : passedOn(requestHeaders, headers)),
        ),
        ...(said !== null && { claims: said.compared }),
        contentType: headers['content-type'] === undefined ? null : fromField(headers['content-type']),
        trace: tracing === null ? traceOf(headers) : tracing(traceOf(headers), traced(exchange)),
        ...(headers['content-encoding'] !== undefined &&
          body.length > 0 && { contentEncoding: headers['content-encoding'] }),
      },
      started,
      deadline: (started + waitMs) as Instant,
      expires: (started + ttlMs) as Instant,
      accepts: acceptMs === null ? null : ((started + acceptMs) as Instant),
      callback,
      repeat: repeats ? repeatOf(name, headers) : null,
      signal: aborter.signal,
      aborter,
      awaits: listens ? (headers['sluice-position'] as string | undefined) : undefined, // its type has a list, which Node never makes of it
      progress: unsent(),
      fault: faultsOf === null ? null : faultsOf(headers),
    }
  }

  const hasBody = ({ req }: Exchange): boolean => {
    if (!req.hasBody) return false
    if (req.announced > bodyBytes) throw new Problem('too-large', `The body is larger than ${bodyBytes} bytes.`)
    const { headers } = req
    if (types !== null && !takes(types, headers['content-type']))
      throw new Problem('unsupported-type', `The route takes ${[...types].join(', ')}.`)
    const coding = headers['content-encoding']
    if (coding !== undefined && !coded.has(coding.toLowerCase()))
      throw new Problem('unsupported-coding', `The route takes content that is ${codings}.`)
    return true
  }
  const keyed = (call: Call, given: Uint8Array): Call => {
    const key = call.tenant === undefined ? given : prefixed(call.tenant, given)
    return { ...call, key, partition: place(call.topic, key) }
  }
  return { worker, hasBody, codings, enter, keyed }
}

const told = (tenant: Tenant | null, pairs: readonly Pair[]): readonly Pair[] =>
  tenant === null || tenant.told.length === 0 ? pairs : [...pairs, ...tenant.told]

function passedOn(names: readonly string[], headers: IncomingHttpHeaders): readonly Pair[] {
  const pairs: Pair[] = []
  let size = 0
  for (const name of names) {
    const value = headers[name]
    if (typeof value !== 'string') continue
    size += name.length + value.length
    if (size > longestHeaders)
      throw new Problem('headers-too-large', `The headers to be passed on are larger than ${longestHeaders} bytes.`)
    pairs.push([name, fromField(value)])
  }
  return pairs
}

function pairsOf(params: Params): readonly Pair[] {
  let pairs: Pair[] | null = null
  for (const name in params) {
    const value = params[name]
    if (value !== undefined) (pairs ??= []).push([name, value])
  }
  return pairs ?? noPairs
}

export const mediaType = (type: string): string => {
  const end = type.indexOf(';')
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase()
}
const takes = (types: ReadonlySet<string>, type: string | undefined): boolean =>
  type !== undefined && (types.has(type) || types.has(mediaType(type)))
