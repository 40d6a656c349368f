import { channel } from 'node:diagnostics_channel'
import type { Call } from './call.ts'
import type { FaultKind } from './fault.ts'
import type { Outcome, Problem } from './problem.ts'

/** How a reply is told apart on arrival. `answered` is the one that settled its call; all others are dropped. */
export const replyClasses = ['answered', 'late', 'duplicate', 'stale', 'foreign', 'forged', 'unmarked'] as const
export type ReplyClass = (typeof replyClasses)[number]
/** What became of a domain event that was read for a reply; `early` ones were kept, and answered a command that came later. */
export const domainEventClasses = ['answered', 'early', 'nobody', 'duplicate', 'ignored', 'unmatched'] as const
export type DomainEventClass = (typeof domainEventClasses)[number]
/** Why a command that the broker had accepted is sent again: silence, silence for longer than usual, or its reply. */
export const repetitions = ['resend', 'hedge', 'retry'] as const
export type Repetition = (typeof repetitions)[number]
/** What may answer in place of a worker, and what came of it; `observed`: it would have been asked. */
export const fallbackKinds = ['stale', 'fixed', 'upstream'] as const
export type FallbackKind = (typeof fallbackKinds)[number]
export const fallbackResults = ['answered', 'missed', 'failed', 'observed'] as const
export type FallbackResult = (typeof fallbackResults)[number]
/** What the process itself may run short of. */
export const resources = ['delay', 'heap', 'connections', 'bytes'] as const
export type Resource = (typeof resources)[number]
/** What became of a request with an Idempotency-Key; `bare` are keys that are not written as a structured-field string. */
export const replayResults = ['first', 'replayed', 'in-flight', 'reused', 'bare'] as const
export type ReplayResult = (typeof replayResults)[number]
/**
 * What befell the reader of the replies: a batch that cannot be read was passed; a position was not in the log any more, or
 * the topic was made anew; its loop failed, or reads again; a transaction holds replies back, or has ended.
 */
export const readerEvents = [
  'skipped',
  'repositioned',
  'remade',
  'failed',
  'recovered',
  'held-back',
  'released',
] as const
export type ReaderEvent = (typeof readerEvents)[number]
/** What came of an attempt to deliver a message to an HTTP receiver. */
export const deliveryResults = ['delivered', 'retried', 'slowed', 'refused', 'ended'] as const
export type DeliveryResult = (typeof deliveryResults)[number]
export type CircuitState = 'closed' | 'open' | 'half-open'
/** What is known of a worker's consumer group; `absent` has no member. */
export type GroupPresence = 'unknown' | 'absent' | 'rebalancing' | 'present'
/** What an operator holds a circuit to. */
export const forcedStates = ['open', 'closed', 'observe'] as const
export type ForcedState = (typeof forcedStates)[number]

/**
 * Why a record was given up. `poison`: it cannot be read as what it should be. `exhausted`: it was tried as often as it may be.
 * `in-doubt`: it may have had its effect, and may not be tried again. `refused`: it, or its answer, can never be passed on.
 */
export const deadReasons = ['poison', 'exhausted', 'in-doubt', 'refused'] as const
export type DeadReason = (typeof deadReasons)[number]
export const mirrorResults = ['same', 'different', 'failed', 'skipped'] as const
export type MirrorResult = (typeof mirrorResults)[number]
/** What becomes of an endpoint of an upstream. */
export const endpointKinds = ['added', 'removed', 'ejected', 'returned', 'healthy', 'unhealthy'] as const
export type EndpointKind = (typeof endpointKinds)[number]

/** What happens inside, by channel. Labels (route, worker, policy, circuit) come from the configuration only. */
export type Happenings = {
  /** A request was answered, refused ones included; `call` is null when it was refused before it became one. */
  finished: Readonly<{
    call: Call | null
    id: string
    route: string
    method: string
    status: number
    outcome: Outcome
    problem: Problem | null
    ms: number
    clientGone: boolean
  }>
  /** A policy refused a call, or would have (`observed`). */
  refused: Readonly<{ policy: string; route: string; worker: string; problem: Problem; observed: boolean }>
  /** A call entered (+1) or left (−1) the slots or the queue of a worker. */
  occupied: Readonly<{ worker: string; inFlight: number; waiting: number }>
  /** The limit of a worker's slots was judged; times in milliseconds, null and 0 before there are any. */
  limited: Readonly<{ worker: string; limit: number; floorMs: number | null; sampleMs: number }>
  /** A publishing is repeated as this attempt, after the delay; `observed`: it would have been. */
  retried: Readonly<{ topic: string; attempt: number; delayMs: number; problem: Problem; observed?: boolean }>
  /** A command that the broker had accepted is sent again; `observed`: it would have been. */
  repeated: Readonly<{ worker: string; route: string; kind: Repetition; observed: boolean }>
  budgetSpent: Readonly<{ topic: string }>
  circuit: Readonly<{ circuit: string; from: CircuitState; to: CircuitState; reason: string }>
  /** A half-open circuit let a call through. */
  probe: Readonly<{ circuit: string }>
  /** An operator holds a circuit to a state; null: it is let go. */
  forced: Readonly<{ circuit: string; forced: ForcedState | null }>
  /** A reply of the worker bears the time of another clock, so many ms ahead of ours (or behind, negative); 0: no longer. */
  skew: Readonly<{ worker: string; ms: number }>
  reply: Readonly<{ class: ReplyClass; worker: string | null; ms: number | null }>
  domainEvent: Readonly<{ topic: string; class: DomainEventClass }>
  /** The group of a worker came, went, or is no longer known. */
  group: Readonly<{ worker: string; group: string; from: GroupPresence; to: GroupPresence; reason: string }>
  /** A look at the group of a worker; null where nothing is known. The lag is in records, over all partitions. */
  watched: Readonly<{ worker: string; members: number | null; lag: number | null; rebalancing: boolean }>
  /** A partition of a worker was given up while others answer, or answers again; `bad` is how many are given up now. */
  partition: Readonly<{ worker: string; partition: number; to: 'bad' | 'good'; reason: string; bad: number }>
  /** A produce request ended; `failed` counts records by outcome. */
  produced: Readonly<{ records: number; bytes: number; ms: number; failed: number }>
  broker: Readonly<{ state: 'connecting' | 'ready' | 'down'; reason: string }>
  /** The Redis in which instances share quotas. */
  redis: Readonly<{ state: 'ready' | 'down'; reason: string }>
  /** A call was let through on this instance's share of a quota: Redis was late or down, or no more clients are leased for. */
  localShare: Readonly<{ policy: 'lease' | 'quota'; name: string; why: 'redis' | 'crowded' }>
  reader: Readonly<{
    topic: string
    partition: number
    kind: ReaderEvent
    reason: string
    offset: bigint | null
  }>
  /** A fault was injected, or would have been; `rule` is `headers` when the request asked for it. */
  fault: Readonly<{ kind: FaultKind; rule: string; route: string; worker: string; observed: boolean }>
  /** A rule of faults holds from now on, or no more: its time is over, or somebody took it away. */
  faultRule: Readonly<{
    state: 'begun' | 'time' | 'cleared'
    rule: string
    kind: FaultKind
    percent: number
    route: string | null // null: all
    worker: string | null
    forMs: number
  }>
  /** A client joined a stream, left it, was let go because it lags, or was one too many; `clients` are those of the route now. */
  stream: Readonly<{ route: string; kind: 'joined' | 'left' | 'lagging' | 'refused'; clients: number }>
  /** A client, or all of a route, missed records that are gone for good. */
  gap: Readonly<{ route: string; topic: string; partition: number; reason: 'retention' | 'recreated' }>
  lifecycle: Readonly<{ kind: 'starting' | 'listening' | 'ready' | 'unready' | 'draining' | 'stopped'; detail: string }>
  /** A step of a fallback was tried. */
  fallback: Readonly<{ route: string; kind: FallbackKind; result: FallbackResult }>
  /** What the process bears, as a share of what it can: at 1 only critical calls pass. */
  pressure: Readonly<Record<Resource, number>>
  /** Calls begin, or cease, to be refused because the process itself suffers. */
  overload: Readonly<{ shedding: boolean; detail: string }>
  /** A request came with an Idempotency-Key, or with one derived from it. */
  replay: Readonly<{ route: string; result: ReplayResult }>
  /** A reply came after its client had been told to wait no longer, and ended an operation. */
  lateReply: Readonly<{ worker: string; ms: number }>
  /** How many operations are known, of how many bytes, and which share of what may be kept that is. */
  operations: Readonly<{ pending: number; ended: number; bytes: number; used: number }>
  /** A process has come to its end, or cannot go on by itself: told by the instance that carried it there. */
  process: Readonly<{ process: string; to: 'done' | 'undone' | 'parked' }>
  /** What waits in the spool; `oldestMs` is how long the oldest has waited, 0 when none does. */
  spool: Readonly<{ records: number; bytes: number; oldestMs: number; rejected: number }>
  /** A round of forwarding from the spool ended. */
  spooled: Readonly<{ forwarded: number }>
  /** A request to an endpoint of an upstream ended: `2xx` and the like, or the code of its problem. */
  upstream: Readonly<{ upstream: string; endpoint: string; result: string }>
  /** Something became of an endpoint; `ejected` is by how its calls went, `unhealthy` by its checks. */
  endpoint: Readonly<{ upstream: string; endpoint: string; kind: EndpointKind; reason: string }>
  /** A command that `calls` made a request of was answered with a status, or given up or ended without one: `code` is why it was given up. */
  called: Readonly<{
    id: string
    route: string
    upstream: string
    asked: string
    place: Readonly<{ topic: string; partition: number; offset: bigint }>
    sendings: number
    outcome: Outcome
    status: number | null
    code: DeadReason | null
    why: string | null
    ms: number
  }>
  /** A call of a strangled route went to its topic. */
  strangled: Readonly<{ route: string; failed: boolean }>
  /** A copy of a call was compared, failed, or was not made. */
  mirrored: Readonly<{ route: string; result: MirrorResult }>
  /** The share of a route's topic has changed by its plan. */
  rollout: Readonly<{ route: string; percent: number; state: string; reason: string }>
  /** A record was given up; `by` is the section that read it. */
  dead: Readonly<{ by: string; reason: DeadReason }>
  /** A message was posted to a receiver, whose name is `push.NAME` or `callbacks.NAME`. */
  delivery: Readonly<{ receiver: string; result: DeliveryResult; ms: number; detail: string }>
  /** Somebody has changed something through the admin port, or tried to; `asked` is the body, as text. */
  audit: Readonly<{ change: string; from: string; status: number; asked?: string; why?: string }>
  warning: Readonly<{ what: string; cause: unknown }>
}

type Channel<T> = {
  readonly hasSubscribers: boolean
  publish(message: T): void
  subscribe(listener: (message: T) => void): void
  unsubscribe(listener: (message: T) => void): boolean
}
const typed = <Name extends keyof Happenings>(name: Name): Channel<Happenings[Name]> =>
  channel(`sluice:${name}`) as unknown as Channel<Happenings[Name]>

/** What happened, as diagnostics channels: free when nobody listens. */
export const events: { readonly [Name in keyof Happenings]: Channel<Happenings[Name]> } = {
  finished: typed('finished'),
  refused: typed('refused'),
  occupied: typed('occupied'),
  limited: typed('limited'),
  retried: typed('retried'),
  repeated: typed('repeated'),
  budgetSpent: typed('budgetSpent'),
  circuit: typed('circuit'),
  probe: typed('probe'),
  forced: typed('forced'),
  skew: typed('skew'),
  reply: typed('reply'),
  domainEvent: typed('domainEvent'),
  group: typed('group'),
  watched: typed('watched'),
  partition: typed('partition'),
  produced: typed('produced'),
  broker: typed('broker'),
  redis: typed('redis'),
  localShare: typed('localShare'),
  reader: typed('reader'),
  fault: typed('fault'),
  faultRule: typed('faultRule'),
  stream: typed('stream'),
  gap: typed('gap'),
  lifecycle: typed('lifecycle'),
  fallback: typed('fallback'),
  pressure: typed('pressure'),
  overload: typed('overload'),
  replay: typed('replay'),
  lateReply: typed('lateReply'),
  operations: typed('operations'),
  process: typed('process'),
  spool: typed('spool'),
  spooled: typed('spooled'),
  upstream: typed('upstream'),
  endpoint: typed('endpoint'),
  called: typed('called'),
  strangled: typed('strangled'),
  mirrored: typed('mirrored'),
  rollout: typed('rollout'),
  dead: typed('dead'),
  delivery: typed('delivery'),
  audit: typed('audit'),
  warning: typed('warning'),
}
