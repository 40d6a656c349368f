import type { Config } from '../config/schema/index.ts'
import { hidden } from '../config/load.ts'
import type { Acknowledged, Broker, Outgoing } from './bridge/broker.ts'
import { Correlator } from './bridge/correlate.ts'
import { Inbox } from './bridge/inbox.ts'
import { settleReplies } from './bridge/request.ts'
import { ensureTopics, topicsOf } from './bridge/topics.ts'
import { pipe } from './call.ts'
import type { Call, Entrance, Entrant } from './call.ts'
import { changesOf } from './changes.ts'
import { pause } from './clock.ts'
import { events } from './events.ts'
import {
  askedFaults,
  broadcasts,
  guardWorkers,
  openBroker,
  openFaults,
  openLeases,
  openStateFile,
  openUpstreams,
  runDemos,
  watchGroups,
} from './parts.ts'
import { Problem } from './problem.ts'
import { Readiness } from './readiness.ts'
import { Drain } from './resilience/drain.ts'
import { explain } from './resilience/explain.ts'
import { guardCluster, longestTimeout } from './resilience/guards.ts'
import { Overload, readingsOf } from './resilience/overload/index.ts'
import { Stall } from './resilience/stall.ts'
import { wraps } from './resilience/layer.ts'
import { publishLayers, repeatStack } from './resilience/stack.ts'
import { administer } from './routes/admin.ts'
import { edge } from './routes/edge.ts'
import { serve } from './routes/server.ts'
import { openTelemetry } from './telemetry/index.ts'
import { wayOf } from './ways.ts'

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  readonly url: string // where clients come in
  readonly adminUrl: string
  /** Resolves when it is ready for the first time. */
  readonly ready: Promise<void>
  readonly stopping: boolean
  /** Goes on serving for `delayMs`, then refuses new calls, waits for the running ones and closes. */
  stop(how?: Readonly<{ delayMs?: number }>): Promise<void>
}

/** `broker` instead of the configured one: it stays its giver's to close. `demo` also runs the order service. */
export type StartOptions = Readonly<{ broker?: Broker; demo?: boolean }>

const againMs = 100

/** Starts a gateway: it listens when this resolves, and is ready when Kafka is. Throws when a port or a file cannot be had. */
export async function start(config: Config, { broker: given, demo = false }: StartOptions = {}): Promise<Gateway> {
  const instance = `${config.instance.id}-${config.admin.port || process.pid}` // a port of 0 names nobody
  const telemetry = openTelemetry(config, instance)
  const readiness = new Readiness()
  const broker = given ?? (await openBroker(config))
  const wanted = topicsOf(config)

  const leases = await openLeases(config)
  const workers = guardWorkers(config, leases)
  const cluster = guardCluster(config.broker.publish, longestTimeout(Object.values(config.routes)))
  const watches = watchGroups(config, broker, workers)
  const drain = new Drain(config.policies.drain)
  const stall = new Stall()
  let connections = (): number => 0 // until there is somebody to count them
  const readings = readingsOf(() => connections(), config.server.limits.connections)
  const overload = config.overload.mode === 'off' ? null : new Overload(config.overload, readings.read)
  const replies = new Correlator({ instance })
  const inbox = new Inbox(
    broker,
    { ...config.replies, ...config.instance, instance, broadcast: broadcasts(config) },
    settleReplies(replies),
  )
  const faults = openFaults(config)
  const publishing = publishLayers<Outgoing, Acknowledged>(cluster, faults)
  const publish = pipe(wraps(publishing), record => broker.publish(record))
  const again = pipe<Outgoing, Acknowledged>(repeatStack(cluster, faults), record => broker.publish(record))
  const far = { publish, again, replies }
  const made = { config, instance, far, inbox, drain, leases, faults, cluster, workers, watches }

  let wasReady = false
  const later = { retryAfterMs: 1_000, limit: 1, observed: 0 } // one is wanted, and none is there
  const unreachable = (): Problem =>
    new Problem('broker-unavailable', `No broker is reachable: ${broker.reason}.`, later)
  const started = (): Problem | null =>
    wasReady ? null : new Problem('not-ready', `Not ready yet: ${readiness.toString()}`, later)
  const reachable = (): Problem | null =>
    broker.state === 'ready' ? cluster.circuit.wouldRefuse('gate') : unreachable()
  const answerable = (): Problem | null =>
    inbox.healthy ? null : new Problem('not-ready', 'Replies cannot be received at present.', later)
  // nor is the worker to blame while the cluster takes no records: it may be unable to answer, as we are to ask
  const excused = (since: Call['started']): boolean =>
    inbox.sickSince(since) || stall.since(since) || cluster.circuit.troubledSince(since)

  const held = new AsyncDisposableStack() // released in the opposite order
  held.use(telemetry)
  if (given === undefined) held.use(broker)
  if (leases !== null) held.use(leases)
  held.use(stall)
  held.use(readings)
  held.use(overload)
  if (faults !== null) held.use(faults)
  held.use(cluster)
  for (const worker of workers.values()) held.use(worker)
  for (const watch of watches.values()) held.use(watch)
  held.use(await openStateFile(config, [cluster.circuit, ...Array.from(workers.values(), ({ circuit }) => circuit)]))
  held.use(inbox)
  const degraded = (): Record<string, string> => {
    if (!wasReady) return {}
    if (broker.state !== 'ready') return { broker: `No broker is reachable: ${broker.reason}.` }
    return inbox.healthy ? {} : { replies: 'The reader of the replies is being repaired.' }
  }
  // an outage of the brokers is everybody's, and leaves us ready unless asked; a dead reader is ours alone, once it is sure
  // that it is not the first to notice an outage: a broker that stands still is found out by one connection after the other
  const noticedMs = config.broker.connectMs + 1_000
  const sick = (): boolean =>
    config.readiness === 'strict'
      ? Object.keys(degraded()).length > 0
      : wasReady && broker.state === 'ready' && inbox.sickForMs > noticedMs
  /** To be called when somebody asks how we are: so the page, the metric and the log say the same. */
  const look = (): void => {
    if (!wasReady) return
    const ills = sick() ? degraded() : {}
    for (const part of ['broker', 'replies']) {
      const why = ills[part]
      if (why === undefined) readiness.clear(part)
      else readiness.block(part, why)
    }
  }
  // a topic that is missing before we are ready may be about to be created, and is no misconfiguration yet
  const avoiding = new Map([...workers.values()].map(({ stuck, options: { topic } }) => [topic, stuck.avoids]))
  const partitionFor = (topic: string, key: Uint8Array | null): number => {
    try {
      return broker.partitionFor(topic, key, avoiding.get(topic))
    } catch (error) {
      throw started() ?? error
    }
  }
  try {
    const shared = {
      ...made,
      partitionFor,
      upstreams: await openUpstreams(config, held),
      checks: { publishing: [started, reachable], answering: [answerable] },
      excused,
    }
    const ways = Object.entries(config.routes).map(([name, route]) => wayOf(name, route, shared))
    const pages = {
      readiness: () => {
        look()
        const ills = degraded()
        return {
          ready: readiness.ready,
          degraded: Object.keys(ills).length > 0,
          reasons: Object.values({ ...readiness.reasons, ...ills }),
        }
      },
      metrics: () => {
        look()
        return telemetry.metrics.text()
      },
      config: () => hidden(config),
      policies: () => ({
        instance,
        overload: overload === null ? null : { mode: overload.mode, ...overload.state },
        routes: Object.fromEntries(ways.map(({ name, policies }) => [name, explain(policies)])),
        publishing: explain(publishing),
        refusals: telemetry.refusals.latest(),
      }),
    }
    const circuits = [...Array.from(workers.values(), ({ circuit }) => circuit), cluster.circuit]
    const admin = await administer(config.admin, pages, changesOf(circuits, faults))
    held.defer(() => admin.close())
    const entrance = overload === null ? null : (entrant: Entrant): Entrance => overload.entrance(entrant)
    const front = await serve(
      config.server,
      edge({ ways, server: config.server, partitionFor, entrance, faultsOf: askedFaults(config) }),
    )
    connections = () => front.connections
    held.defer(() => front.close(1_000))
    tell('listening', `${front.address}, admin ${admin.address}`)

    const closing = new AbortController()
    const prepare = async (): Promise<void> => {
      readiness.block('broker', broker.state === 'ready' ? 'The topics are being looked at.' : unreachable().message)
      broker.start(wanted.map(({ name }) => name))
      held.use(
        broker.watch(state => {
          if (state === 'ready') cluster.circuit.halfOpenNow('news of the brokers')
          else if (!wasReady) readiness.block('broker', unreachable().message)
        }),
      )
      while (!closing.signal.aborted) {
        try {
          if (broker.state !== 'ready') throw unreachable()
          const known = await ensureTopics(broker.admin, wanted, config.broker.createTopics)
          for (const { name } of wanted) broker.partitionFor(name, null) // throws while the metadata is not there
          for (const { bulkhead, options } of workers.values())
            bulkhead.partitions = known.get(options.topic)?.partitions ?? null
          await inbox.open(known.get(config.replies.topic)?.partitions ?? 1)
          if (demo) await runDemos(config, broker, held)
          await leases?.met // the first second's calls would spend shares of what others are leasing already
          for (const watch of watches.values()) watch.start()
          wasReady = true
          return readiness.clear('broker')
        } catch (error) {
          readiness.block('broker', Problem.from(error).message)
          await pause(againMs, closing.signal)
        }
      }
    }
    const ready = prepare()

    const stop = async (delayMs: number): Promise<void> => {
      tell('draining', `serving for ${delayMs} ms more`)
      readiness.block('drain', 'the instance is stopping')
      closing.abort()
      await pause(wasReady ? delayMs : 0)
      drain.begin()
      front.drain()
      const limit = new AbortController()
      await Promise.race([drain.idle(), pause(config.drain.limitMs, limit.signal)])
      limit.abort()
      replies.abandon()
      tell('stopped', '') // without waiting for `ready`: what it waits for may never come
      await held.disposeAsync()
    }
    let stopped: Promise<void> | null = null
    return {
      url:
        front.port === 0
          ? `unix:${front.address}`
          : `http://${front.address.replace(/^(0\.0\.0\.0|\[::\]):/, 'localhost:')}`,
      adminUrl: `http://${admin.address}`,
      ready,
      get stopping() {
        return stopped !== null
      },
      stop: ({ delayMs = config.drain.delayMs } = {}) => (stopped ??= stop(delayMs)),
      [Symbol.asyncDispose]: () => (stopped ??= stop(0)),
    }
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
}

const tell = (kind: 'listening' | 'draining' | 'stopped', detail: string): void => {
  if (events.lifecycle.hasSubscribers) events.lifecycle.publish({ kind, detail })
}
