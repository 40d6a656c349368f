import type { Config, RouteOptions } from '../config/schema/index.ts'
import type { Inbox, Place } from './bridge/inbox.ts'
import type { DomainEvents } from './bridge/domain/index.ts'
import { injectable } from './bridge/faulty.ts'
import type { Far } from './bridge/faulty.ts'
import { marked } from './bridge/marked.ts'
import { notify } from './bridge/notify.ts'
import type { Terms } from './bridge/operations/index.ts'
import type { LogOf } from './bridge/past.ts'
import { repeatedRequest } from './bridge/repeat.ts'
import { requestReply } from './bridge/request.ts'
import { wantsOperations } from './bridge/topics.ts'
import type { Spool } from './bridge/spool/index.ts'
import type { Watch } from './bridge/watch.ts'
import { dialectOf } from './bridge/wire/index.ts'
import { pipe } from './call.ts'
import type { Call, Reply, Service } from './call.ts'
import type { SharedClients, Leases } from './resilience/quota/index.ts'
import type { Causes } from './resilience/deadline.ts'
import type { Drain } from './resilience/drain.ts'
import type { Faults } from './resilience/faults/index.ts'
import type { Check } from './resilience/gate/index.ts'
import type { ClusterGuards, WorkerGuards } from './resilience/guards.ts'
import type { Tenants } from './resilience/tenants.ts'
import { wraps } from './resilience/layer.ts'
import type { Layer } from './resilience/layer.ts'
import { repetitionOf } from './resilience/repetition/index.ts'
import { callLayers } from './resilience/stack.ts'
import type { CallParts, Excuse } from './resilience/stack.ts'
import { stepsOf } from './resilience/fallback/index.ts'
import type { Strangler } from './resilience/strangler/index.ts'
import { upstreamWay } from './strangling.ts'
import type { UpstreamsPart } from './upstreams.ts'
import { gatherWay } from './gathering.ts'
import { noWorker, workerBehind } from './resilience/gate/index.ts'
import type { OperationsPart } from './operations.ts'
import type { SchemasPart } from './schemas.ts'
import type { Way } from './routes/intake.ts'

/** What the ways of all routes share. */
export type Shared = Readonly<{
  config: Config
  instance: string
  held: AsyncDisposableStack
  far: Far
  inbox: Inbox
  operations: OperationsPart | null
  schemas: SchemasPart | null
  spool: Spool | null
  domain: DomainEvents | null
  drain: Drain
  leases: Leases | null
  faults: Faults | null
  cluster: ClusterGuards
  workers: ReadonlyMap<string, WorkerGuards>
  watches: ReadonlyMap<string, Watch>
  partitionFor: (topic: string, key: Uint8Array | null) => number
  logOf: LogOf
  upstreams: UpstreamsPart
  /** Of whatever is published, and of what is answered, too. */
  checks: Readonly<{
    publishing: readonly Check[]
    answering: readonly Check[]
    operating: readonly Check[]
    reading: readonly Check[]
  }>
  excused: Excuse
  causes: Causes
  /** The core of a route that follows a topic. */
  followed: (route: string) => Service<Call, Reply>
  tenancy: Tenants | null
}>

/** The way of a route's calls, from the first policy to the core; `policies` are for people. */
export type RouteWay = Way & Readonly<{ policies: readonly Layer<Call, Reply>[]; strangler?: Strangler }>

export function wayOf(name: string, route: RouteOptions, shared: Shared): RouteWay {
  if (route.upstream === undefined) return topicWay(name, route, shared)
  const alone = route.command === undefined && route.query === undefined
  return upstreamWay(name, route, shared, alone ? null : options => topicWay(name, options, shared))
}

/** The way of a route to its topics, or from them. */
function topicWay(name: string, route: RouteOptions, shared: Shared): RouteWay {
  const { gather: options } = route
  if (options !== undefined)
    return gatherWay({ name, route, options }, shared, partsOf(name, route, shared), (one, inside) =>
      oneWay(name, one, inside),
    )
  const usual = oneWay(name, route, shared)
  const kind = route.command === undefined ? 'query' : 'command'
  const core = route[kind]
  const others = core === undefined || route.tenant === 'none' ? [] : ownWorkers(shared.config, core.to)
  if (core === undefined || others.length === 0) return usual
  // each worker has a circuit, slots and a topic of its own: a tenant that has one shares none of them
  const own = new Map(others.map(to => [to, oneWay(name, { ...route, [kind]: { ...core, to } }, shared)]))
  return {
    ...usual,
    own: new Map(Array.from(own, ([to, { topic }]) => [to, topic])),
    service: call => (own.get(call.worker) ?? usual).service(call),
  }
}

/** Who serves tenants in the place of a worker. */
const ownWorkers = ({ tenants }: Config, worker: string): readonly string[] => [
  ...new Set(Object.values(tenants?.of ?? {}).flatMap(({ workers }) => workers[worker] ?? [])),
]

/** What the policies of a route are made of, whatever its core is. */
function partsOf(name: string, route: RouteOptions, shared: Shared): Omit<CallParts, 'worker' | 'checks'> {
  const { config, drain, leases, faults, excused, causes, schemas, cluster } = shared
  return {
    route,
    policies: config.policies,
    drain,
    shares: sharesOf(leases, name, route),
    excused,
    moving: cluster.moving,
    causes,
    faults,
    tenancy: route.tenant === 'none' ? null : shared.tenancy,
    fits: schemas?.fits(name) ?? null,
  }
}

function oneWay(name: string, route: RouteOptions, shared: Shared): RouteWay {
  const { config, instance, inbox, faults, cluster, workers, watches } = shared
  const { partitionFor, upstreams, checks, followed, spool, schemas, operations } = shared
  const domain = route.replies === undefined ? null : shared.domain
  const far = domain === null ? shared.far : { ...shared.far, replies: domain.repliesOf(name) }
  const excused: Excuse =
    domain === null ? shared.excused : (since, at) => shared.excused(since, at) || domain.sickSince(since)
  const named = { route: name, template: route.match.slice(route.match.indexOf('/')), instance }
  const parts = { ...partsOf(name, route, shared), excused }
  const hasMarks = Object.values(config.routes).some(
    ({ view, command, query }) => view !== undefined || (command ?? query)?.positions === true,
  )
  const marks = hasMarks ? shared.logOf : null
  /** The core of the way; where faults can be injected, with the places for them. */
  const inMind = (build: (far: Far) => Service<Call, Reply>): Service<Call, Reply> =>
    faults === null ? build(far) : injectable(far, build)
  if (route.event !== undefined) {
    const { topic, expose, acks = route.delivery === 'volatile' ? 'leader' : 'all' } = route.event
    const kept = route.spool ? spool : null
    // what waits on disk needs no broker
    const policies = callLayers({ ...parts, worker: null, checks: kept === null ? checks.publishing : [] })
    const core = inMind(far =>
      notify(kept === null ? far.publish : kept.policy(far.publish), {
        ...named,
        emptyBody: route.emptyBody,
        acks,
        expose,
        marks,
      }),
    )
    return { name, route, topic, unplaced: kept !== null, service: pipe(wraps(policies), core), policies }
  }
  if (route.stream !== undefined) {
    const policies = callLayers({ ...parts, worker: null, checks: checks.reading })
    return {
      name,
      route,
      topic: route.stream.topics[0] ?? '',
      service: pipe(wraps(policies), followed(name)),
      policies,
    }
  }
  if (route.process !== undefined) {
    if (operations === null) throw new Error(`routes.${name} has no operations.`) // its route wants them
    const { run } = route.process
    const plan = config.processes[run]
    if (plan === undefined) throw new Error(`routes.${name} names no process.`) // the configuration was checked
    const terms = { ...termsOf(config, route), process: { name: run, plan, template: named.template } }
    const own = { worker: null, claims: operations.claims(terms), checks: [...checks.publishing, ...checks.operating] }
    const policies = callLayers({ ...parts, ...own })
    const service = pipe(wraps(policies), operations.starting(terms))
    return { name, route, topic: config.operations.topic, service, policies }
  }
  if (route.view !== undefined) {
    // it keeps the deadline itself: a client that waited in vain for a change is answered that there was none
    const own = { ...parts, policies: { ...config.policies, deadline: 'off' as const } }
    const policies = callLayers({ ...own, worker: null, checks: checks.reading })
    return { name, route, topic: route.view.topic, service: pipe(wraps(policies), followed(name)), policies }
  }
  const worker = workers.get((route.command ?? route.query)?.to ?? '')
  if (worker === undefined) throw new Error(`routes.${name} names no worker.`) // the configuration was checked
  const { topic } = worker.options
  const written = {
    ...named,
    dialect: dialectOf(worker.options),
    emptyBody: route.emptyBody === undefined ? worker.options.emptyBody : route.emptyBody,
    contentType: route.contentType ?? (domain === null ? worker.options.contentType : 'application/json'),
    maxReplyBytes: config.replies.maxBytes,
    decode: schemas?.decode(name),
  }
  const repeats = repetitionOf(route, worker, cluster)
  const operating = wantsOperations(route) ? shared.operations : null
  const kept = route.spool ? spool : null
  const terms = termsOf(config, route)
  const answered = (reply: Place | null): Service<Call, Reply> => {
    const options = { ...written, reply }
    return inMind(far =>
      operating !== null
        ? operating.core(
            far.publish,
            { ...written, ...terms, ...promiseOf(route), reply: operating.returns.place },
            kept?.policy(far.publish) ?? null,
          )
        : repeats === null
          ? requestReply(far.publish, far.replies, options)
          : repeatedRequest({ ...far, partitionFor, repeats }, options),
    )
  }
  const core = domain === null ? following(inbox, answered) : answered(null) // its service knows no gateway
  const watch = watches.get(worker.name)
  const policies = callLayers({
    ...parts,
    worker,
    fallback: stepsOf(route, upstreams.fallback),
    repetition: repeats,
    claims: operating?.claims(terms) ?? null,
    checks: [
      ...sparing(kept === null ? null : operating, checks.reading, [
        ...checks.publishing,
        ...(domain === null ? checks.answering : [domain.readable]),
        ...(operating === null ? [] : checks.operating),
      ]),
      ...checksOf(watch, worker),
    ],
    // what is silent while its partition is handed over, is soon heard again
    ...(watch !== undefined && {
      excused: (since, partition) =>
        excused(since) ||
        watch.disturbed(since, partition === undefined ? undefined : worker.stuck.answeredAt(partition)),
      watched: () => watch.snapshot(),
    }),
  })
  return { name, route, topic, service: pipe(wraps(policies), marks === null ? core : marked(core, marks)), policies }
}

/** What the gate asks; of a call that may wait on disk only the first of it. */
const sparing = (operating: OperationsPart | null, first: readonly Check[], all: readonly Check[]): readonly Check[] =>
  operating === null
    ? all
    : [
        ...first,
        ...all.map(
          (check): Check =>
            call =>
              operating.mayKeep(call) ? null : check(call),
        ),
      ]

/** Who counts the clients of a route for all instances; null: this one does, by itself. */
const sharesOf = (leases: Leases | null, name: string, { quota }: RouteOptions): SharedClients | null =>
  quota?.shared === true ? (leases?.shares(quota, name) ?? null) : null

/** How the operations of a route are kept and found. */
const termsOf = ({ operations }: Config, { idempotency }: RouteOptions): Terms => ({
  path: operations.path,
  retryAfterMs: operations.retryAfterMs,
  keepMs: idempotency?.windowMs ?? operations.retentionMs,
  callMs: operations.callbacks?.maxAgeMs ?? 0,
})

const promiseOf = ({ async, onTimeout }: RouteOptions) => ({ mayAccept: async !== 'off' || onTimeout === 'accept' })

/** What the gate asks on account of a watched group. */
function checksOf(watch: Watch | undefined, { options, stuck }: WorkerGuards): Check[] {
  if (watch === undefined) return []
  const modes = options.watch
  const lately = (partition: number): number | null => stuck.lately(partition, modes.everyMs)
  return [
    ...(modes.noWorker === 'off' ? [] : [noWorker(watch, modes.noWorker)]),
    ...(modes.behind === 'off' ? [] : [workerBehind(watch, modes.behind, lately)]),
  ]
}

/** A service that can be built only once it is known where replies arrive, and anew when that is another place. */
function following(inbox: Pick<Inbox, 'place'>, build: (place: Place) => Service<Call, Reply>): Service<Call, Reply> {
  let built: Readonly<{ place: Place; service: Service<Call, Reply> }> | null = null
  return async call => {
    const { place } = inbox
    if (built?.place !== place) built = { place, service: build(place) }
    return await built.service(call)
  }
}
