import type { RouteOptions } from '../config/schema/index.ts'
import type { Calls } from './calls.ts'
import type {
  FaultsSection,
  InstanceSection,
  Moment,
  RouteSection,
  Sections,
  WorkerSection,
} from './console/sections.d.ts'
import type { Call, Reply } from './call.ts'
import type { Health } from './health.ts'
import type { Parts } from './parts.ts'
import { explain } from './resilience/explain.ts'
import type { Layer } from './resilience/layer.ts'
import { faultKinds, faults } from './fault.ts'
import type { Traffic } from './telemetry/traffic.ts'

type Way = Readonly<{ name: string; route: RouteOptions; policies: readonly Layer<Call, Reply>[] }>

const mostCalls = 1_000

/** What is known of a gateway at present, for whoever looks at it live. */
export class Overview {
  readonly #parts: Parts
  readonly #health: Health
  readonly #ways: readonly Way[]
  readonly #calls: Calls
  readonly #traffic: Traffic

  constructor(parts: Parts, health: Health, ways: readonly Way[], calls: Calls, traffic: Traffic) {
    this.#parts = parts
    this.#health = health
    this.#ways = ways
    this.#calls = calls
    this.#traffic = traffic
  }

  sections(): Sections {
    const { workers, publishing, telemetry, operations, config } = this.#parts
    const view = operations?.log.view
    return {
      instance: this.#instance(),
      moment: this.#traffic.moments.at(-1) ?? null,
      ...Object.fromEntries(this.#ways.map(way => [`route:${way.name}`, this.#route(way)])),
      ...Object.fromEntries([...workers.keys()].map(name => [`worker:${name}`, this.#worker(name)])),
      publishing: explain(publishing),
      waiting: this.#calls.waiting(mostCalls),
      refusals: telemetry.refusals.latest(),
      faults: this.#faults(),
      operations:
        view === undefined ? null : { pending: view.pending, ended: view.size - view.pending, bytes: view.bytes },
      spool: config.spool === undefined ? null : this.#spool(),
    }
  }

  /** The traffic of the last minutes. */
  past(): Readonly<{ traffic: readonly Moment[] }> {
    return { traffic: this.#traffic.moments }
  }

  #instance(): InstanceSection {
    const { instance, config, drain, broker } = this.#parts
    this.#health.look()
    const { ready, reasons } = this.#health.readiness
    const all = [...Object.values({ ...reasons, ...this.#health.degraded() }), ...this.#health.notices()]
    const where = config.broker.brokers === '' ? 'embedded' : broker.state
    return {
      instance,
      ready,
      reasons: all,
      draining: drain.draining,
      changeable: config.admin.token !== undefined,
      broker: where,
    }
  }

  #route({ name, route, policies }: Way): RouteSection {
    const { match, command, query, event, stream, view, process, upstream, timeoutMs } = route
    const [kind, to] =
      event !== undefined
        ? ['event', event.topic]
        : stream !== undefined
          ? ['stream', stream.topics.join(', ')]
          : view !== undefined
            ? ['view', view.topic]
            : process !== undefined
              ? ['process', process.run]
              : command === undefined && query === undefined
                ? ['upstream', upstream?.to ?? '']
                : [command === undefined ? 'query' : 'command', (command ?? query)?.to ?? '']
    const perSecond = Math.round(this.#traffic.rateOf(name) * 10) / 10
    return { match, kind, to, timeoutMs, perSecond, policies: explain(policies) }
  }

  #worker(name: string): WorkerSection {
    const { workers, watches } = this.#parts
    const worker = workers.get(name)
    if (worker === undefined) throw new Error(`There is no worker ${name}.`) // its name was read from there
    const { options, circuit, bulkhead } = worker
    const { inFlight, limit, waiting } = bulkhead
    const group = watches.get(name)?.snapshot() ?? null
    return { topic: options.topic, group, circuit: circuit.snapshot(), inFlight, limit, waiting }
  }

  #spool(): Sections['spool'] {
    const { meter } = this.#parts.telemetry.metrics
    const value = (name: string): number => meter.find(`sluice_spool_${name}`)?.cells[0]?.value ?? 0
    const oldestMs = 1_000 * value('oldest_seconds')
    return { records: value('records'), bytes: value('bytes'), oldestMs, rejected: value('rejected_records') }
  }

  #faults(): FaultsSection | null {
    const { faults: all } = this.#parts
    if (all === null) return null
    const needs = Object.fromEntries(faultKinds.map(kind => [kind, faults[kind].needs]))
    return { ...all.snapshot(), mode: all.mode, kinds: faultKinds, needs }
  }
}
