import type { Signal } from '../aborter.ts'
import type { Abortable } from '../call.ts'
import type { EpochMs, Instant } from '../clock.ts'
import type { Struck } from '../fault.ts'
import type { Admin } from './admin.ts'
import type { Beginning } from './operations/event.ts'
import type { Past } from './past.ts'

/** Headers as Kafka has them: bytes, in order, names may repeat. */
export type Header = readonly [name: string, value: Uint8Array]
export type Headers = readonly Header[]

/** Which replicas must have the record before it counts as written. `none`: nobody says, so its outcome stays in doubt. */
export type Acks = 'all' | 'leader' | 'none'

/** A record to be written. The partition is fixed before sending: a later choice could write it twice. */
export type Outgoing = Abortable &
  Readonly<{
    topic: string
    partition: number
    key: Uint8Array | null
    value: Uint8Array | null
    headers: Headers
    acks: Acks
    /** Until when it is waited for once it is handed over, where sending it again cannot double it. Not given: until `signal` aborts. */
    patience?: Signal
    struck?: Struck // what may go wrong with it on purpose: for the policies, no broker looks at it
    operation?: Beginning // that the command begins: for the spool, which keeps it beside the record
  }>
/**
 * Where the record is; the offset is −1 when no acknowledgement was asked for. `spooled`: it waits on our disk, and is there later;
 * it is certainly not there yet, or may be.
 */
export type Acknowledged = Readonly<{ partition: number; offset: bigint; spooled?: 'not-sent' | 'in-doubt' }>
/** A record as read; a null value is a tombstone. */
export type Incoming = Readonly<{
  topic: string
  partition: number
  offset: bigint
  timestamp: number // epoch milliseconds, as the record says
  brokersTime?: true // it is the broker's, and not of whoever wrote the record
  key: Uint8Array | null
  value: Uint8Array | null
  headers: Headers
}>

/** `offsets` by partition: one that it does not name is read from its beginning. */
export type From = 'end' | 'earliest' | Readonly<{ offset: bigint }> | Readonly<{ offsets: readonly bigint[] }>
export type Source = Readonly<{
  topic: string
  partitions: readonly number[] | 'all'
  from: From
  lost?: 'end' | 'earliest' // where to go on when the position is no longer in the log; default: the end
  moved?: (partition: number, to: bigint) => void // told when that has happened
}>
/** Must not throw; what it starts it must bound itself. */
export type Handler = (record: Incoming) => void
/** While a promise that it returned is pending no more is read: what had been read at once with the record may still come. */
export type PacingHandler = (record: Incoming) => void | Promise<void>

/** A partition held as a member of a group, until the group takes it away. */
export type Held = Readonly<{
  topic: string
  partition: number
  signal: AbortSignal // aborts when the partition is taken away or the consumer stops: finish, but expect a twin elsewhere
  /** Everything below `next` is done: a restart begins there. Never goes back; written in the background and when the partition is taken away. */
  done(next: bigint): void
}>
export type Membership = Readonly<{
  group: string
  topic: string
  from: 'end' | 'earliest'
  commitMs?: number // how long a finished record may stay uncommitted; default: 500
}>
/** The next record of the partition is handed over once the returned promise has resolved: backpressure. */
export type MemberHandler = (record: Incoming, held: Held) => void | Promise<void>

/** Whether another partition is the better choice. */
export type Avoids = (partition: number) => boolean

export type BrokerState = 'connecting' | 'ready' | 'down'

/** What the gateway needs from a broker, and no more. Two twins: kafka/ and memory.ts. */
export interface Broker extends AsyncDisposable {
  readonly state: BrokerState
  /** Why the broker is not ready, for people; empty when it is. */
  readonly reason: string
  readonly admin: Admin
  readonly past: Past
  /** Whether a partition had another leader, or the clients of one may still be looking for it, at some time since then. */
  movedSince(instant: Instant): boolean
  /** Begins to connect and to keep connected, whatever the state of the cluster; never throws. */
  start(topics: readonly string[]): void
  /** Calls back when the state may have changed. */
  watch(changed: (state: BrokerState) => void): Disposable
  /** The partition that Kafka's Java clients choose for a key (murmur2); without a key, one that fills a batch, and is not to be avoided if there is another. Throws topic-missing, or not-ready while the topic's metadata is unknown. */
  partitionFor(topic: string, key: Uint8Array | null, avoids?: Avoids): number
  /** Resolves once acknowledged. Throws broker-unavailable or buffer-full (not sent), too-large, topic-missing, topic-forbidden, or publish-timeout (in doubt). */
  publish(record: Outgoing): Promise<Acknowledged>
  /** Reads partitions alone. Resolves once positioned: no record acknowledged from then on is missed, through reconnections and moves of leadership. */
  subscribe(source: Source, handler: Handler | PacingHandler): Promise<Reading>
  /** Shares a topic with the other members of a group; resolves once the group has admitted us. */
  join(membership: Membership, handler: MemberHandler): Promise<AsyncDisposable>
}

/** A running subscription. `healthy` is false while it cannot read, which is our own failure and no worker's. */
export interface Reading extends AsyncDisposable {
  readonly healthy: boolean
  /** Whether the topic, or a partition of it that was asked for, is not there: nothing mends that but whoever creates it. */
  readonly absent: boolean
  /** For how long records have been held back already, as a transaction that is open stands before them; 0: they are not. */
  readonly heldBackMs: number
  /** When it was seen that another topic has the name by now, which is read from its beginning; null: never. */
  readonly remadeAt: EpochMs | null
}
