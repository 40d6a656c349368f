import type { Config, IdempotencyOptions, ModeName, QuotaOptions, RouteOptions } from '../../config/schema/index.ts'
import type { Signal } from '../aborter.ts'
import type { Abortable, Call, Policy, Reply } from '../call.ts'
import type { Instant } from '../clock.ts'
import type { Struck } from '../fault.ts'
import { attempt, retry } from './repetition/index.ts'
import { breaker, perTenant } from './circuit/index.ts'
import type { Circuit } from './circuit/index.ts'
import { Buckets, quota, leased, policiesOf } from './quota/index.ts'
import { bulkhead } from './bulkhead/index.ts'
import { deadline } from './deadline.ts'
import type { Causes } from './deadline.ts'
import { drain } from './drain.ts'
import type { Drain } from './drain.ts'
import { fallback, stateOf } from './fallback/index.ts'
import type { Step } from './fallback/index.ts'
import { faults, publishFaults } from './faults/index.ts'
import type { Faults } from './faults/index.ts'
import { gate } from './gate/index.ts'
import type { Check } from './gate/index.ts'
import type { ClusterGuards, WorkerGuards } from './guards.ts'
import { guarded, on, wraps } from './layer.ts'
import type { Layer } from './layer.ts'
import { partition } from './partition/index.ts'
import type { Blame } from './partition/index.ts'
import { replay } from './replay/index.ts'
import type { Claims } from './replay/index.ts'
import type { Repetition } from './repetition/index.ts'
import { schema } from './schema.ts'
import type { Fits } from './schema.ts'
import { tenants } from './tenants.ts'
import type { Tenants } from './tenants.ts'
import type { SharedClients } from './quota/index.ts'

/** Whether we could not have heard a worker, or a partition of it, at some time since: our reader was dead, our event loop stood still, or its group rebalanced. */
export type Excuse = (since: Instant, partition?: number) => boolean
export type CallParts = Readonly<{
  route: RouteOptions
  policies: Config['policies']
  drain: Drain
  checks: readonly Check[] // of the gate: whether we are ready, the circuit of the cluster
  worker: WorkerGuards | null // null for an event, which nobody answers
  shares?: SharedClients | null // of the quotas of the route's clients, when all instances share them
  excused?: Excuse
  moving?: () => boolean // whether leaders move, and replies are held up by that
  causes?: Causes // why replies may be missing although the worker is well
  fallback?: readonly Step[] // what is tried instead, in this order
  faults?: Faults | null // null: none can be injected
  fits?: Fits | null // what its schema makes of a call; null: it has none
  claims?: Claims | null // of the route's Idempotency-Keys
  tenancy?: Tenants | null // null: nobody shares the gateway
  repetition?: Repetition | null // null: nothing that the broker has accepted is sent again
  watched?: (() => unknown) | undefined // what the gate sees of the worker, for people
}>

/** An attempt that is cut off says within this time what became of it. */
const wordMs = 20

type Publishing = Abortable & Readonly<{ topic: string; patience?: Signal; struck?: Struck }>

export const callStack = (parts: CallParts): Policy<Call, Reply>[] => wraps(callLayers(parts))
export const publishStack = <In extends Publishing, Out>(
  cluster: ClusterGuards,
  faults: Faults | null = null,
): Policy<In, Out>[] => wraps(publishLayers(cluster, faults))
/** Around what is a repetition already: a retry of it would be paid for by nobody. */
export const repeatStack = <In extends Publishing, Out>(
  cluster: ClusterGuards,
  faults: Faults | null = null,
): Policy<In, Out>[] => wraps(attemptLayers(cluster, faults))

/** The policies of one route, outermost first: each at the place that its comment gives the reason for. */
export function callLayers(parts: CallParts): Layer<Call, Reply>[] {
  const { route, policies, drain: door, checks, worker, fallback: steps = [], faults: all = null } = parts
  const { repetition = null, watched, shares = null, claims = null, fits = null, causes, tenancy = null } = parts
  const asked = worker === null ? checks : [...checks, ...ownChecks(worker)]
  return [
    // overload, before the body is read: when the process itself suffers, reading costs most
    // a stopping instance takes nothing new
    ...on(
      'drain',
      door.mode,
      () => drain<Reply>(door),
      () => ({ draining: door.draining, inside: door.inside }),
    ),
    // the client's clock includes queueing and every sending
    ...on('deadline', policies.deadline, mode => deadline<Reply>(mode, causes)),
    // the cheapest check, and the caller's own fault: it must not take a shared slot
    ...(route.quota === undefined ? [] : quotaLayer(route.quota, shares)),
    // the caller's own fault too: it must claim no key and take no slot; after the quota, as it costs more
    ...(fits === null ? [] : on('schema', fits.mode, mode => schema<Reply>(fits, mode))),
    // a tenant's total, after what its clients are refused alone, and before all that tenants share
    ...(tenancy === null
      ? []
      : on(
          'tenant',
          tenancy.mode,
          mode => tenants<Reply>(tenancy, mode),
          () => tenancy.state,
        )),
    // a repeated key takes no slot and sends nothing
    ...(claims === null || route.idempotency === undefined
      ? []
      : on('replay', route.idempotency.mode, replays(claims, route.idempotency))),
    // sees every failure below, and none of the caller's own
    ...(steps.length === 0
      ? []
      : on(
          'fallback',
          policies.fallback,
          mode => fallback({ mode, steps, hurries: policies.deadline === 'enforce' }),
          () => ({ steps: stateOf(steps) }),
        )),
    // never queue for what will be refused
    ...on('gate', policies.gate, mode => gate<Reply>(asked, mode), watched),
    ...(worker === null ? [] : workerStack(worker, parts)),
    // innermost, so that the policies meet injected faults as real ones
    ...(all === null
      ? []
      : on(
          'faults',
          all.mode,
          () => faults(all),
          () => all.snapshot(),
        )),
    // it repeats in the core, which alone knows what is awaited; here it is only told of
    ...(repetition === null
      ? []
      : on<Call, Reply>(
          'repetition',
          repetition.mode,
          () => next => next,
          () => repetition.state,
        )),
  ]
}

/** What a call would meet further in. */
const ownChecks = ({ circuit, stuck }: WorkerGuards): readonly Check[] => [
  () => circuit.wouldRefuse('gate'),
  call => stuck.wouldRefuse(call),
]

function quotaLayer(options: QuotaOptions, shares: SharedClients | null): Layer<Call, Reply>[] {
  const policies = policiesOf(options)
  if (shares !== null)
    return on(
      'quota',
      options.mode,
      mode => quota(shares, mode),
      () => ({ policies, shared: true }),
    )
  const buckets = new Buckets(policies)
  return on(
    'quota',
    options.mode,
    mode => quota(buckets, mode),
    () => ({ policies, clients: buckets.size }),
  )
}

const replays =
  (claims: Claims, options: IdempotencyOptions) =>
  (mode: ModeName): Policy<Call, Reply> =>
    replay(claims, { ...options, mode })

const workerStack = (worker: WorkerGuards, { route, excused, moving }: CallParts): Layer<Call, Reply>[] => {
  const { lease, circuit, tenants, stuck, options } = worker
  const outlived = route.commandTtlMs !== undefined && route.commandTtlMs > route.timeoutMs
  const blamed = (whose: Blame, since: Instant, partition: number): boolean =>
    stuck.mode === 'enforce' && stuck.blame(partition, since) === whose
  // nor is it the worker's failure that one of its partitions is silent while others answer
  const notTheWorker: Excuse = (since, partition) =>
    excused?.(since, partition) === true || (partition !== undefined && blamed('partition', since, partition))
  // a call that was passed over says nothing of the queue in the topic
  const notTheQueue: Excuse = (since, partition) =>
    notTheWorker(since, partition) || (partition !== undefined && blamed('call', since, partition))
  const broken = (of: Circuit): Policy<Call, Reply> =>
    breaker<Call, Reply>(of, {
      policy: 'breaker',
      blames: 'worker',
      labels: call => call,
      source: call => call,
      failed: failing(options.breaker.failOn),
      silent: call => call.progress.accepted,
      ...(options.breaker.slowMs !== undefined && { tookMs: call => call.progress.workerMs }),
      excused: ({ started, partition }) => notTheWorker(started, partition),
      passedOver: ({ started, partition }) => blamed('call', started, partition),
      ...(outlived && { silence: { ms: route.timeoutMs, blamed: call => call.progress.outcome === 'sent' } }),
    })
  return [
    // the worker's total: after the gate, as what would be refused must not spend it; before a slot is taken
    ...(lease === null
      ? []
      : on(
          'lease',
          options.quota?.mode ?? 'off',
          mode => leased<Reply>(lease, mode),
          () => ({ requests: lease.options.requests, windowMs: lease.options.windowMs, remaining: lease.remaining }),
        )),
    // outside the breaker: our own refusals are not the worker's failures
    ...on('bulkhead', options.bulkhead.mode, () => bulkhead<Reply>(worker.bulkhead, notTheQueue, moving)).map(
      layer => ({
        ...layer,
        state: () => worker.bulkhead.snapshot(),
      }),
    ),
    // one circuit for each worker, shared by its routes; around it one for each tenant, where tenants share the worker
    ...guarded('breaker', options.breaker.mode, circuit, () =>
      tenants === null ? broken(circuit) : next => perTenant(tenants, circuit, broken)(broken(circuit)(next)),
    ),
    // inside the breaker, which asks it whose failure a silence was; a gate that watches the worker asks it for answers
    ...(stuck.mode === 'off' && options.group === undefined
      ? []
      : [
          {
            policy: 'partition',
            mode: stuck.mode,
            wrap: partition(stuck, { excused, silenceMs: outlived ? route.timeoutMs : undefined }),
            state: () => stuck.snapshot(),
          },
        ]),
  ]
}

/** The policies around publishing, outermost first; what they repeat is one record, not the call. */
export function publishLayers<In extends Publishing, Out>(
  cluster: ClusterGuards,
  faults: Faults | null = null,
): Layer<In, Out>[] {
  const { options, budget } = cluster
  return [
    // only what is not sent; each repetition asks the circuit again
    ...on(
      'retry',
      options.attempts > 1 ? options.mode : 'off',
      () => retry<In, Out>(options, budget),
      () => ({ attempts: options.attempts, budget: budget.state }),
    ),
    ...attemptLayers<In, Out>(cluster, faults),
  ]
}

function attemptLayers<In extends Publishing, Out>(
  { options, circuit, moving }: ClusterGuards,
  faults: Faults | null,
): Layer<In, Out>[] {
  const labels = { route: 'publish', worker: circuit.name }
  return [
    // outside the circuit, which hears of its end: what is handed over may be waited for longer, but a hung broker is a failure
    ...on('attempt', 'enforce', () => attempt<In, Out>(options.attemptMs)),
    // one circuit for the cluster: what our callers cut short proves nothing, nor what waits for a leader that moves
    ...guarded('cluster', options.breaker.mode, circuit, () =>
      breaker<In, Out>(circuit, {
        policy: 'cluster',
        blames: 'broker',
        labels: () => labels,
        excused: ({ patience }) => patience?.aborted === true || moving(),
        overdueMs: wordMs,
      }),
    ),
    // innermost here too: what refuses is taken for the broker
    ...(faults === null ? [] : on('faults', faults.mode, () => publishFaults<In, Out>())),
  ]
}

/** Names the statuses that count as failures of the worker. */
function failing(statuses: readonly number[]): (reply: Reply) => string | null {
  const names = Array.from({ length: 600 }, (_, status) => (statuses.includes(status) ? `status ${status}` : null))
  return reply => names[reply.status] ?? null
}
