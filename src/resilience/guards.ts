import type {
  PublishOptions,
  RouteOptions,
  TotalOptions,
  UpstreamConfig,
  WorkerOptions,
} from '../../config/schema/index.ts'
import type { Ask, Policy, Reply } from '../call.ts'
import type { Problem } from '../problem.ts'
import { Budget } from './repetition/index.ts'
import { Bulkhead } from './bulkhead/index.ts'
import { Circuit, TenantCircuits, breaker } from './circuit/index.ts'
import { Lease } from './quota/index.ts'
import type { Leases } from './quota/index.ts'
import { StuckPartitions } from './partition/index.ts'

/** What all routes to one worker share. */
export type WorkerGuards = Disposable &
  Readonly<{
    name: string
    options: WorkerOptions
    bulkhead: Bulkhead
    circuit: Circuit
    tenants: TenantCircuits | null // null: no two tenants share it
    stuck: StuckPartitions
    lease: Lease | null
  }>
/** What everybody who publishes to one cluster shares. */
export type ClusterGuards = Disposable &
  Readonly<{
    options: PublishOptions
    circuit: Circuit
    budget: Budget
    /** Whether leaders are moving: what waits for them proves nothing against the cluster. */
    moving: () => boolean
  }>

/** The longest that a client of these routes waits. */
export const longestTimeout = (routes: readonly RouteOptions[]): number =>
  Math.max(1_000, ...routes.map(route => route.timeoutMs))

/** A probe that times out says so itself, at the end of its timeout, and when we are busy a little later. */
const wordMs = 1_000

/** At least twice the longest timeout: a window of slow failures must hold enough of them. */
const windowOf = ({ windowMs }: Readonly<{ windowMs?: number | undefined }>, longestMs: number): number =>
  windowMs ?? Math.max(10_000, 2 * longestMs)

/** The shared guards of a worker; `longestMs` is the longest timeout of its routes, `leases` what instances share, `shared` whether tenants share it. */
export function guardWorker(
  name: string,
  options: WorkerOptions,
  longestMs: number,
  leases: Leases | null = null,
  shared = false,
): WorkerGuards {
  const { breaker, quota } = options
  const waits = { windowMs: windowOf(breaker, longestMs), longestWaitMs: longestMs + wordMs }
  const circuit = new Circuit({ ...breaker, name, ...waits, shared })
  const tenants = shared && breaker.mode !== 'off' ? new TenantCircuits({ ...breaker, name, ...waits }) : null
  const bulkhead = new Bulkhead(name, options.bulkhead, () => circuit.state !== 'closed')
  const lease = quota === undefined || quota.mode === 'off' ? null : totalOf(name, quota, leases)
  const stuck = new StuckPartitions({ ...options.partitionBreaker, worker: name })
  const dispose = (): void => {
    circuit[Symbol.dispose]()
    tenants?.[Symbol.dispose]()
    lease?.[Symbol.dispose]()
  }
  return { name, options, bulkhead, circuit, tenants, stuck, lease, [Symbol.dispose]: dispose }
}

function totalOf(name: string, { requests, windowMs, shared }: TotalOptions, leases: Leases | null): Lease {
  const options = { policy: 'lease', name, requests, windowMs } as const
  return shared && leases !== null ? leases.total(options) : new Lease(options)
}

/** The shared guards of publishing; `longestMs` is the longest timeout of all routes. */
export function guardCluster(options: PublishOptions, longestMs: number, moving = (): boolean => false): ClusterGuards {
  const { breaker, budget, attemptMs } = options
  const windowMs = windowOf(breaker, longestMs)
  const circuit = new Circuit({ ...breaker, name: 'cluster', windowMs, longestWaitMs: 2 * attemptMs })
  return { options, circuit, budget: new Budget(budget), moving, [Symbol.dispose]: () => circuit[Symbol.dispose]() }
}

/** What stands before one endpoint of an upstream: its circuit. */
export type EndpointGuard = Disposable &
  Readonly<{
    circuit: Circuit
    policy: Policy<Ask, Reply>
    refusal: () => Problem | null
    watch: (changed: () => void) => Disposable
  }>

/** The guard of an endpoint; `longestMs` is the longest that a call to it may take. */
export function guardEndpoint(
  name: string,
  { breaker: options }: Pick<UpstreamConfig, 'breaker'>,
  longestMs: number,
): EndpointGuard {
  const circuit = new Circuit({
    ...options,
    name,
    windowMs: windowOf(options, longestMs),
    longestWaitMs: longestMs + wordMs,
  })
  const labels = { route: 'upstream', worker: name }
  const failOn = new Set(options.failOn)
  const policy = breaker<Ask, Reply>(circuit, {
    policy: 'breaker',
    blames: 'upstream',
    labels: () => labels,
    failed: ({ status }) => (failOn.has(status) ? `status ${status}` : null),
    excused: ({ signal }) => signal.aborted, // whoever asked has left
  })
  return {
    circuit,
    policy: options.mode === 'off' ? next => next : policy,
    refusal: () => circuit.wouldRefuse('upstream'),
    watch: changed => circuit.watch(changed),
    [Symbol.dispose]: () => circuit[Symbol.dispose](),
  }
}
