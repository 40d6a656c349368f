import type { Config } from '../config/schema/index.ts'
import type { Broker } from './bridge/broker.ts'
import { logOf } from './bridge/past.ts'
import type { Entrance, Entrant } from './call.ts'
import { Calls } from './calls.ts'
import { changesOf } from './changes.ts'
import { pause } from './clock.ts'
import { events } from './events.ts'
import { Health } from './health.ts'
import { pagesOf } from './pages.ts'
import { Overview } from './overview.ts'
import { documentsOf, exportMetrics, openIdentity, openSpool, openTraces } from './optional.ts'
import { askedFaults, openParts } from './parts.ts'
import type { Parts } from './parts.ts'
import { prepare } from './prepare.ts'
import { Tenants } from './resilience/tenants.ts'
import { administer } from './routes/admin.ts'
import type { Watching } from './routes/console/index.ts'
import { callbackOf } from './routes/callback.ts'
import { edge } from './routes/edge.ts'
import { tenancyOf } from './routes/tenant.ts'
import { serve } from './routes/server.ts'
import type { Front } from './routes/server.ts'
import { Traffic } from './telemetry/traffic.ts'
import { wayOf } from './ways.ts'
import type { RouteWay, Shared } from './ways.ts'

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  readonly url: string // where clients come in
  readonly adminUrl: string
  /** Resolves when it is ready for the first time. */
  readonly ready: Promise<void>
  readonly stopping: boolean
  /** Resolves when it has stopped, whoever asked it to. */
  readonly stopped: Promise<void>
  /** Goes on serving for `delayMs`, then refuses new calls, waits for the running ones and closes. */
  stop(how?: Readonly<{ delayMs?: number }>): Promise<void>
}

/** `broker` instead of the configured one: it stays its giver's to close. `demo` also runs the order service. */
export type StartOptions = Readonly<{ broker?: Broker; demo?: boolean }>

/** How long a moment is looked for in which nobody asks anything. */
const retireMs = 1_000

/** Starts a gateway: it listens when this resolves, and is ready when Kafka is. Throws when a port or a file cannot be had. */
export async function start(config: Config, { broker: given, demo = false }: StartOptions = {}): Promise<Gateway> {
  const held = new AsyncDisposableStack()
  let running: Gateway | null = null
  try {
    let known: Front | null = null // the metrics and the readings of overload ask for it from the start
    const parts = await openParts(config, held, { given, front: () => known })
    const health = new Health(parts)
    const partitionFor = partitionsOf(parts, health)
    const ways = await openWays(parts, health, partitionFor)
    const calls = new Calls(parts)
    const changes = changesOf({
      ...parts,
      log: parts.telemetry.log,
      calls,
      stranglers: ways.flatMap(({ strangler }) => strangler ?? []),
      drain: () => void running?.stop(),
    })
    const watching = consoleOf(parts, health, ways, calls)
    const admin = await administer(config.admin, pagesOf(parts, health, ways, calls), changes, watching)
    held.defer(() => admin.close())
    const front = (known = await openFront(parts, ways, partitionFor))
    tell('listening', `${front.address}, admin ${admin.address}`)
    const preparing = new AbortController()
    const ready = prepare(parts, health, { demo, signal: preparing.signal })
    const stop = (delayMs: number): Promise<void> => {
      preparing.abort()
      return end(parts, health, front, delayMs)
    }
    running = runningOf({
      url: urlOf(front),
      adminUrl: `http://${admin.address}`,
      ready,
      delayMs: config.drain.delayMs,
      stop,
    })
    return running
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
}

/** What `/console` shows, until the gateway is closed; null where it is off. */
function consoleOf(parts: Parts, health: Health, ways: readonly RouteWay[], calls: Calls): Watching | null {
  if (!parts.config.admin.console) return null
  const traffic = parts.held.use(new Traffic(parts.telemetry.metrics.meter))
  const overview = new Overview(parts, health, ways, calls, traffic)
  return { now: () => overview.sections(), past: () => overview.past() }
}

/** Where operators find what became of a call. */
const callsAt = ({ url }: Config['admin']): string | undefined =>
  url === undefined ? undefined : `${url.replace(/\/$/, '')}/calls/`

/** For turning the calls that still run into operations. */
const hurryMs = 2_000

type PartitionFor = Shared['partitionFor']

/** A topic that is missing before the gateway is ready may be about to be created, and is no misconfiguration yet. */
export function partitionsOf({ broker, workers }: Parts, health: Health): PartitionFor {
  const avoiding = new Map([...workers.values()].map(({ stuck, options: { topic } }) => [topic, stuck.avoids]))
  return (topic, key) => {
    try {
      return broker.partitionFor(topic, key, avoiding.get(topic))
    } catch (error) {
      throw health.started() ?? health.lacking.get(topic) ?? error
    }
  }
}

export async function openWays(parts: Parts, health: Health, partitionFor: PartitionFor): Promise<readonly RouteWay[]> {
  const { started, reachable, answerable, operable, excused, causes } = health
  const checks = {
    publishing: [started, reachable],
    answering: [answerable],
    operating: [operable],
    reading: [started],
  }
  const spool = await openSpool(parts)
  const followed: Shared['followed'] = name => {
    const core = parts.following?.serviceOf(name, record => parts.far.publish(record))
    if (core === undefined) throw new Error(`routes.${name} follows no topic.`) // it was opened with the others
    return core
  }
  const shared = {
    ...parts,
    partitionFor,
    logOf: (topic: string) => logOf(parts.broker.past.id(topic)),
    upstreams: parts.upstreams,
    spool,
    checks,
    excused,
    causes,
    followed,
    tenancy: parts.config.tenants === undefined ? null : new Tenants(parts.config.tenants),
  }
  return Object.entries(parts.config.routes).map(([name, route]) => wayOf(name, route, shared))
}

/** Listens to clients. */
async function openFront(parts: Parts, ways: readonly RouteWay[], partitionFor: PartitionFor): Promise<Front> {
  const { config, overload, operations, held } = parts
  const { server, routes } = config
  const shown =
    operations === null ? null : { operations: operations.resources, streams: config.operations.streams, routes }
  const entrance = overload === null ? null : (entrant: Entrant): Entrance => overload.entrance(entrant)
  const traces = await openTraces(parts)
  await exportMetrics(parts)
  const front = await serve(
    server,
    edge({
      ways,
      server,
      partitionFor,
      entrance,
      faultsOf: askedFaults(config),
      callbackOf: operations === null ? null : callbackOf(config.operations),
      operations: shown,
      resources: await documentsOf(parts),
      tracing: traces?.begin ?? null,
      calls: callsAt(config.admin),
      tenancy: tenancyOf(config.tenants),
      admit: await openIdentity(config, held),
    }),
  )
  held.defer(() => front.close(1_000))
  return front
}

/** Stops: serves for `delayMs` more, then refuses new calls, waits for the running ones, and closes everything. */
async function end(
  { config, drain, replies, domain, operations, held }: Parts,
  health: Health,
  front: Front,
  delayMs: number,
): Promise<void> {
  tell('draining', `serving for ${delayMs} ms more`)
  health.readiness.block('drain', 'the instance is stopping')
  const { limitMs } = config.drain
  const servingMs = health.wasReady ? delayMs : 0
  front.drain(servingMs)
  front.endStreams(delayMs)
  await pause(servingMs)
  const limit = new AbortController()
  const limited = pause(limitMs, limit.signal)
  // nobody is refused who could have been served: only where calls run on and new connections still come
  if (servingMs > 0 && (await front.retire(Math.min(retireMs, limitMs))))
    await Promise.race([front.finished(limit.signal), limited])
  drain.begin()
  await Promise.race([drain.idle(), limited])
  if (operations !== null) {
    operations.processes?.hurry()
    operations.returns.hurry() // a restart must not lose their answers
    await Promise.race([drain.idle(), pause(hurryMs, limit.signal)])
    operations.returns.abandon()
  }
  limit.abort()
  replies.abandon()
  domain?.abandon()
  tell('stopped', '') // without waiting for `ready`: what it waits for may never come
  await held.disposeAsync()
}

type Running = Readonly<{
  url: string
  adminUrl: string
  ready: Promise<void>
  delayMs: number
  stop: (delayMs: number) => Promise<void>
}>

/** The gateway as its starter sees it: it is stopped once, however often it is asked to. */
function runningOf({ delayMs: usualMs, stop, ...known }: Running): Gateway {
  let stopped: Promise<void> | null = null
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => {}) // whoever stopped it hears of it
  const end = (delayMs: number): Promise<void> => {
    stopped ??= stop(delayMs)
      .then(resolve, reject)
      .then(() => promise)
    return stopped
  }
  return {
    ...known,
    stopped: promise,
    get stopping() {
      return stopped !== null
    },
    stop: ({ delayMs = usualMs } = {}) => end(delayMs),
    [Symbol.asyncDispose]: () => end(0),
  }
}

const urlOf = ({ port, address, secure }: Front): string =>
  port === 0
    ? `unix:${address}`
    : `${secure ? 'https' : 'http'}://${address.replace(/^(0\.0\.0\.0|\[::\]):/, 'localhost:')}`

const tell = (kind: 'listening' | 'draining' | 'stopped', detail: string): void => {
  if (events.lifecycle.hasSubscribers) events.lifecycle.publish({ kind, detail })
}
