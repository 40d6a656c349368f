import type { Config, RouteOptions } from '../config/schema/index.ts'
import type { Acknowledged, Broker, Outgoing } from './bridge/broker.ts'
import { Correlator } from './bridge/correlate.ts'
import type { DomainEvents } from './bridge/domain/index.ts'
import type { Far } from './bridge/faulty.ts'
import type { Following } from './bridge/following.ts'
import { Inbox } from './bridge/inbox.ts'
import { MemoryBroker } from './bridge/memory.ts'
import { settleReplies } from './bridge/request.ts'
import { ensureTopics, topicsOf } from './bridge/topics.ts'
import { Watch } from './bridge/watch.ts'
import { dialectOf, rowOf } from './bridge/wire/index.ts'
import { pipe } from './call.ts'
import { now } from './clock.ts'
import { openOperations } from './operations.ts'
import type { OperationsPart } from './operations.ts'
import { shareOfTenant } from './resilience/bulkhead/index.ts'
import { StateFile } from './resilience/circuit/index.ts'
import type { Circuit } from './resilience/circuit/index.ts'
import { Drain } from './resilience/drain.ts'
import { Faults } from './resilience/faults/index.ts'
import { guardCluster, guardWorker, longestTimeout } from './resilience/guards.ts'
import type { ClusterGuards, WorkerGuards } from './resilience/guards.ts'
import { wraps } from './resilience/layer.ts'
import type { Layer } from './resilience/layer.ts'
import { Overload, readingsOf } from './resilience/overload/index.ts'
import type { Leases } from './resilience/quota/index.ts'
import { publishLayers, repeatStack } from './resilience/stack.ts'
import { Stall } from './resilience/stall.ts'
import { openSchemas } from './schemas.ts'
import type { SchemasPart } from './schemas.ts'
import { faultsOf } from './routes/fault.ts'
import type { FaultsOf } from './routes/fault.ts'
import type { Front } from './routes/server.ts'
import { openUpstreams } from './upstreams.ts'
import type { UpstreamsPart } from './upstreams.ts'
import { openCalling } from './calling.ts'
import type { Calling } from './calling.ts'
import type { Subscription } from './bridge/push/index.ts'
import { openPush } from './receivers.ts'
import { openTelemetry } from './telemetry/index.ts'
import type { Telemetry } from './telemetry/index.ts'

/** What a gateway is put together from, as its configuration says. What it does not need is not loaded. */
export type Parts = Readonly<{
  config: Config
  instance: string
  /** Everything that is opened, released in the opposite order. */
  held: AsyncDisposableStack
  telemetry: Telemetry
  broker: Broker
  leases: Leases | null
  stall: Stall
  overload: Overload | null
  faults: Faults | null
  cluster: ClusterGuards
  workers: ReadonlyMap<string, WorkerGuards>
  watches: ReadonlyMap<string, Watch>
  circuits: readonly Circuit[]
  drain: Drain
  replies: Correlator
  far: Far
  /** The policies of publishing, for people. */
  publishing: readonly Layer<Outgoing, Acknowledged>[]
  inbox: Inbox
  following: Following | null // null: no route is a stream or a view
  domain: DomainEvents | null // null: no route is answered by domain events
  /** Null where no route has any. */
  operations: OperationsPart | null
  schemas: SchemasPart | null // null: no route has any
  upstreams: UpstreamsPart
  calling: readonly Calling[]
  push: readonly Subscription[]
}>

/** Opens all of them; `held` closes them again, also when this throws. A broker that is `given` stays its giver's to close. */
export async function openParts(
  config: Config,
  held: AsyncDisposableStack,
  { given, front }: Readonly<{ given: Broker | undefined; front: () => Front | null }>,
): Promise<Parts> {
  const instance = `${config.instance.id}-${config.admin.port || process.pid}` // a port of 0 names nobody
  const schemas = await openSchemas(config) // first: one that does not hold is told before anything is opened
  let circuits: readonly Circuit[] = []
  const telemetry = held.use(
    openTelemetry(config, instance, {
      circuits: () => circuits.map(circuit => circuit.snapshot()),
      active: {
        scheme: config.server.tls === undefined ? 'http' : 'https',
        methods: () => front()?.methods() ?? [],
      },
    }),
  )
  const broker = given ?? held.use(await openBroker(config))
  const leases = held.use(await openLeases(config))
  const stall = held.use(new Stall())
  const readings = held.use(readingsOf(() => front()?.connections ?? 0, config.server.limits.connections))
  const overload = held.use(config.overload.mode === 'off' ? null : new Overload(config.overload, readings.read))
  const faults = held.use(openFaults(config))
  const longestMs = longestTimeout(Object.values(config.routes))
  const cluster = held.use(guardCluster(config.broker.publish, longestMs, () => broker.movedSince(now())))
  const workers = guardWorkers(config, leases)
  for (const worker of workers.values()) held.use(worker)
  const watches = watchGroups(config, broker, workers)
  for (const watch of watches.values()) held.use(watch)
  circuits = [...Array.from(workers.values(), ({ circuit }) => circuit), cluster.circuit]
  held.use(await openStateFile(config, circuits))

  const publishing = publishLayers<Outgoing, Acknowledged>(cluster, faults)
  const replies = new Correlator({ instance })
  const far = {
    publish: pipe(wraps(publishing), record => broker.publish(record)),
    again: pipe<Outgoing, Acknowledged>(repeatStack(cluster, faults), record => broker.publish(record)),
    replies,
  }
  const ensure = (): Promise<number> => ensureReplies(config, broker)
  const reading = { ...config.replies, ...config.instance, instance, broadcast: broadcasts(config), ensure }
  const dialects = Object.values(config.workers).map(dialectOf)
  const ahead = schemas?.ahead ?? (handler => handler)
  const inbox = held.use(new Inbox(broker, reading, ahead(settleReplies(replies, dialects))))
  const following = await openFollowing(config, { broker, schemas, held })
  const domain = held.use(await openDomain(config, broker))
  const operations = await openOperations(config, {
    instance,
    broker,
    publish: far.publish,
    held,
    decode: route => schemas?.decode(route) ?? null,
    ahead,
  })
  const upstreams = await openUpstreams(config, held)
  const calling = await openCalling({ config, broker, held }, upstreams.named)
  const push = await openPush({ config, broker, publish: far.publish, held })
  const opened = {
    operations,
    schemas,
    upstreams,
    calling,
    push,
    telemetry,
    broker,
    leases,
    stall,
    overload,
    faults,
    cluster,
    workers,
    watches,
    circuits,
    inbox,
    following,
    domain,
  }
  return { ...opened, config, instance, held, drain: new Drain(config.policies.drain), replies, far, publishing }
}

/** The partitions of the reply topic, which is created where it is missing and that is allowed. */
async function ensureReplies(config: Config, { admin }: Broker): Promise<number> {
  const { topic } = config.replies
  const wanted = topicsOf(config).filter(({ name }) => name === topic)
  return (await ensureTopics(admin, wanted, config.broker.createTopics)).get(topic)?.partitions ?? 1
}

export async function openBroker({ broker }: Config): Promise<Broker> {
  if (broker.brokers === '') return new MemoryBroker({ totalBytes: broker.memoryBytes })
  const { KafkaBroker } = await import('./bridge/kafka/kafka.ts') // not loaded where it is not used
  return new KafkaBroker(broker)
}

export async function openFollowing(
  { routes }: Config,
  { broker, schemas, held }: Readonly<{ broker: Broker; schemas: SchemasPart | null; held: AsyncDisposableStack }>,
): Promise<Following | null> {
  const all = Object.values(routes)
  if (all.every(({ stream, view }) => stream === undefined && view === undefined)) return null
  const { Following } = await import('./bridge/following.ts') // not loaded where it is not used
  const sqlite = all.some(({ view }) => view?.file !== undefined)
  const readied = schemas?.readied(broker) ?? broker
  const following = new Following(routes, {
    broker: readied,
    records: route => schemas?.records(route) ?? null,
    sqlite: sqlite ? (await import('./bridge/views/sqlite.ts')).SqliteRows : null,
  })
  held.use(following)
  if (Symbol.dispose in readied) held.use(readied) // before the readings end, which wait for what they hand on
  return following
}

export async function openDomain({ routes }: Config, broker: Broker): Promise<DomainEvents | null> {
  if (Object.values(routes).every(({ replies }) => replies === undefined)) return null
  const { DomainEvents } = await import('./bridge/domain/index.ts') // not loaded where it is not used
  return new DomainEvents(routes, broker)
}

export async function openLeases({ redis }: Config): Promise<Leases | null> {
  if (redis === undefined) return null
  const { Leases } = await import('./resilience/quota/leases.ts') // not loaded where it is not used
  return new Leases(redis)
}

export async function openStateFile({ policies }: Config, circuits: readonly Circuit[]): Promise<StateFile | null> {
  if (policies.stateFile === undefined) return null
  return await StateFile.open(policies.stateFile, circuits)
}

export async function runDemos({ workers }: Config, broker: Broker, held: AsyncDisposableStack): Promise<void> {
  const { demo } = await import('./worker/demo.ts')
  for (const worker of Object.values(workers)) {
    const serving = await demo(broker, { topic: worker.topic, dialect: dialectOf(worker) })
    if (held.disposed) await serving.close()
    else held.use(serving)
  }
}

const tenantShares = ({ tenants }: Config): readonly (readonly [string, number])[] =>
  Object.entries(tenants?.of ?? {}).map(([name, { share }]) => [shareOfTenant(name), share] as const)

export const guardWorkers = (config: Config, leases: Leases | null): ReadonlyMap<string, WorkerGuards> =>
  new Map(
    Object.entries(config.workers).map(([name, options]) => {
      const routes = routesTo(config, name)
      const longestMs = longestTimeout(routes.map(([, route]) => route))
      const guards = guardWorker(name, options, longestMs, leases, isShared(config, name))
      guards.bulkhead.guarantee(
        new Map([...routes.map(([route, { share }]) => [route, share] as const), ...tenantShares(config)]),
      )
      return [name, guards]
    }),
  )

/** Whether tenants share the worker: it is not that of one of them alone. */
function isShared({ tenants }: Config, worker: string): boolean {
  const owners = Object.values(tenants?.of ?? {}).filter(({ workers }) => Object.values(workers).includes(worker))
  return tenants !== undefined && owners.length !== 1
}

/** The groups that the configuration names, by worker. */
export function watchGroups(
  config: Config,
  { admin }: Broker,
  workers: ReadonlyMap<string, WorkerGuards>,
): ReadonlyMap<string, Watch> {
  const watches = new Map<string, Watch>()
  for (const [worker, { topic, group, watch, breaker }] of Object.entries(config.workers)) {
    if (group === undefined) continue
    const guards = workers.get(worker)
    const circuits = (does: (circuit: Circuit) => void): void => {
      if (guards !== undefined) does(guards.circuit)
      guards?.tenants?.each(does)
    }
    const settled = (): void => {
      // what was silent may be in other hands by now
      circuits(circuit => circuit.halfOpenNow('the group of the worker has changed'))
      guards?.stuck.tryNow()
    }
    const moved = (partition: number): void => {
      circuits(circuit => circuit.works())
      guards?.stuck.works(partition)
    }
    const options = { worker, group, everyMs: watch.everyMs, graceMs: breaker.rebalanceGraceMs }
    watches.set(worker, new Watch(() => admin.group(group, topic), { settled, moved }, options))
  }
  return watches
}

export const openFaults = ({ faults, routes, workers }: Config): Faults | null =>
  faults.mode === 'off' ? null : new Faults(faults, Object.keys(routes), Object.keys(workers))

export const askedFaults = ({ admin, faults }: Config): FaultsOf | null =>
  faults.mode === 'off' || !faults.headers || admin.token === undefined
    ? null
    : faultsOf(admin.token, faults.maxPercent)

export const broadcasts = ({ workers }: Config): boolean =>
  Object.values(workers).some(
    worker => worker.replies === 'broadcast' || rowOf(dialectOf(worker)).replyPartition === null,
  )

/** Those of tenants with a worker of their own are its routes, too. */
const routesTo = ({ routes, tenants }: Config, worker: string): [string, RouteOptions][] => {
  const replaced = Object.values(tenants?.of ?? {}).flatMap(({ workers }) => Object.entries(workers))
  const served = new Set([worker, ...replaced.flatMap(([usual, own]) => (own === worker ? [usual] : []))])
  return Object.entries(routes).filter(([, { command, query }]) => served.has((command ?? query)?.to ?? ''))
}
