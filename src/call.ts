import type { Aborter, Signal } from './aborter.ts'
import type { Incoming } from './bridge/broker.ts'
import type { Instant } from './clock.ts'
import type { Fault, Struck } from './fault.ts'
import type { Feed } from './feed.ts'
import type { Outcome, Problem } from './problem.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }
/** Public name of one HTTP request: in logs, problems and the Sluice-Call-Id header. */
export type CallId = Brand<string, 'CallId'>
/** Identity of a command: the same on every sending. Travels as ce_id. */
export type CommandId = Brand<string, 'CommandId'>

/** How much a call matters, least first: under overload the least important is shed first. `health` is for probes alone. */
export const priorities = ['sheddable', 'normal', 'critical', 'health'] as const
export type Priority = (typeof priorities)[number]

/** A name and its value, in the order they came. */
export type Pair = readonly [name: string, value: string]
/** The value of the first header of this name. */
export const headerOf = (headers: readonly Pair[], name: string): string | undefined =>
  headers.find(pair => pair[0] === name)?.[1]

/** What the HTTP request said, as the wire carries it on: already limited, allow-listed and free of control characters. */
export type Told = Readonly<{
  method: string
  path: string // raw, without the query
  query: string // raw, without the question mark
  params: readonly Pair[] // path parameters, decoded
  headers: readonly Pair[] // those on the route's allow-list, lower case
  contentType: string | null
  contentEncoding?: string // of the body, which is passed on as it came; most have none
  trace: readonly Pair[] // traceparent, tracestate, baggage
  claims?: readonly Pair[] // of its client, those that the route compares
  event?: readonly Pair[] // the attributes of a CloudEvent, which its client made
}>

/** A body in the form that its topic has it, and the record headers that belong to it. */
export type Encoded = Readonly<{
  value: Uint8Array
  contentType: string | null // null: that of the body
  headers: readonly (readonly [name: string, value: Uint8Array])[]
}>

/** One request on its way through the gateway. Policies copy it, never change it. */
export type Call = Readonly<{
  id: CallId
  command: CommandId
  route: string // configured name: a metric label, so low cardinality
  worker: string // configured name of whoever answers; of an event, its topic
  client: string // what quotas count: the address, or the authenticated subject
  account?: string // whom the quota of the route counts in its place
  tenant?: Readonly<{ name: string; prefix: string }> // whose it is, where tenants share the gateway, and what its keys begin with
  priority: Priority
  topic: string
  key: Uint8Array | null // Kafka message key
  partition: number // chosen before the policies: in Kafka a partition fails alone
  body: Uint8Array
  encoded?: Encoded // in place of the body, where the topic has another form
  told: Told
  started: Instant
  deadline: Instant // the client stops waiting
  expires: Instant // nobody wants the command done any more; at least the deadline
  accepts: Instant | null // from then on its answer may be an operation (202) in place of a reply; null: never
  repeat: string | null // its Idempotency-Key
  callback?: string | undefined // the URL that its client wants told when it has become an operation and ended
  claimed?: Readonly<{ id: string; secret: string }> // the operation that holds its key
  signal: Signal // aborts with a Problem as its reason; what is already sent goes on
  awaits?: string | undefined // Sluice-Position: what the client has seen, and wants to be shown
  aborter: Pick<Aborter, 'signal' | 'abort'> // of the signal: whoever ends the wait aborts it, the client or the deadline
  progress: Progress
  fault: readonly Fault[] | null // what its headers ask to go wrong
  struck?: Struck // what may go wrong with it, by headers and rules: for the core
}>

/** The one mutable part of a call, shared by its copies: how far it came. Times are milliseconds, for Server-Timing. */
export type Progress = {
  outcome: Outcome // the strongest of all its sendings so far
  sendings: number
  queueMs: number // waiting for a slot
  publishMs: number // until the broker's acknowledgement, repetitions included
  workerMs: number // from the acknowledgement to the reply
  quota: readonly QuotaState[] | null // of the route's quota, for the RateLimit headers
  location: string | null // where its reply will be kept, when it comes too late
  reply: Incoming | null // the record that answered it
  upstream?: Readonly<{ name: string; atMs: number; ms: number | null }> // the HTTP servers that were asked, from when on and how long; null: they still are
  accepted: boolean // its answer is an operation: nothing is known of its worker
}

/** Who is treated as one where calls compete: a tenant as a whole, else the client. */
export const partyOf = ({ tenant, client }: Pick<Call, 'tenant' | 'client'>): string =>
  tenant === undefined ? client : `tenant ${tenant.name}`

/** One window of a quota, as the client is told of it. */
export type QuotaPolicy = Readonly<{
  name: string
  unit: 'requests' | 'content-bytes'
  limit: number
  windowMs: number
}>
/** What is left of it for a client. */
export type QuotaState = Readonly<{ policy: QuotaPolicy; remaining: number; resetMs: number }>

export const unsent = (): Progress => ({
  outcome: 'not-sent',
  sendings: 0,
  queueMs: 0,
  publishMs: 0,
  workerMs: 0,
  quota: null,
  location: null,
  reply: null,
  accepted: false,
})

/** A worker's answer, a refusal by the worker included. Failing to get one is a thrown Problem. */
export type Reply = Readonly<{
  status: number // 200–599
  headers: readonly Pair[] // lower case; the route's allow-list is applied on the way out
  body: Uint8Array
  own?: readonly Pair[] // headers of the gateway itself, such as Age: no allow-list drops them
  bytesPerSecond?: number // how slowly the body is written, when a fault asks for it
  feed?: Feed // of a stream, in place of a body
  final?: boolean // a worker asks that the command is not sent again
}>

/** Answers, or throws a Problem. A route serves a Call with a Reply; a cluster serves a record with its acknowledgement. */
export type Service<In, Out> = (input: In) => Promise<Out>
/** Wraps a service in one concern. */
export type Policy<In, Out> = (next: Service<In, Out>) => Service<In, Out>
/** What every policy may rely on. */
export type Abortable = Readonly<{ signal: Signal }>

/** What an HTTP server is asked: part of every call, and of every command that becomes a request. */
export type Ask = Abortable & Pick<Call, 'told' | 'body' | 'deadline'>

/** The first policy is the outermost: it sees the input first and the result last. */
export const pipe = <In, Out>(policies: readonly Policy<In, Out>[], core: Service<In, Out>): Service<In, Out> =>
  policies.reduceRight((next, policy) => policy(next), core)

/**
 * Asks the service. A throw in place of a rejection becomes one: who holds something for the input hears of its end in any
 * case, without the frame of an async function, of which a hundred thousand may wait.
 */
export function ask<In, Out>(service: Service<In, Out>, input: In): Promise<Out> {
  try {
    return service(input)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Who asks to be let in: names from the configuration, for the metrics. */
export type Entrant = Readonly<{ route: string; worker: string; priority: Priority }>
/** Asked before the body of a request is read: whether the process itself can bear it. One for all requests of an entrant. */
export type Entrance = Readonly<{
  /** Why not, or null; `bytes` is what the request says of the length of its body, 0 when it does not. */
  refusal: (bytes: number) => Problem | null
  /** Takes so many bytes of a body of which `held` were taken before, or says why it cannot. They are counted in any case. */
  take: (bytes: number, held: number) => Problem | null
  /** Gives back what was taken. */
  release: (bytes: number) => void
  /** Connections are short: who is refused loses his. */
  crowded: () => boolean
}>
