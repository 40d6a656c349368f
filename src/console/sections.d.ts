// What the page is told once a second, by section: the contract between src/overview.ts and the page. Plain values, no imports.

export type Circuit = Readonly<{
  name: string
  state: 'closed' | 'open' | 'half-open'
  forced: 'open' | 'closed' | 'observe' | null
  reason: string
  openUntil: number | null // epoch ms
}>
export type Window = Readonly<{ name: string; unit: string; limit: number; windowMs: number }>
/** A policy with what it knows at present; which members there are depends on which it is. */
export type Policy = Readonly<{ mode: string }> &
  (
    | Readonly<{ policy: 'drain'; draining: boolean; inside: number }>
    | Readonly<{ policy: 'quota'; policies: readonly Window[]; clients?: number }>
    | Readonly<{ policy: 'lease'; requests: number; remaining: number }>
    | Readonly<{ policy: 'gate'; presence?: string; lag?: number }>
    | Readonly<{ policy: 'bulkhead'; inFlight: number; limit: number; waiting: Readonly<Record<string, number>> }>
    | (Readonly<{ policy: 'breaker' | 'cluster' }> & Circuit)
    | Readonly<{ policy: 'partition'; bad: number }>
    | Readonly<{ policy: 'retry'; budget: Readonly<{ tokens: number; most: number }> }>
    | Readonly<{ policy: 'fallback'; steps: readonly unknown[] }>
    | Readonly<{ policy: 'faults'; rules?: readonly unknown[] }>
    | Readonly<{ policy: 'deadline' | 'schema' | 'replay' | 'repetition' | 'attempt' }>
  )

export type InstanceSection = Readonly<{
  instance: string
  ready: boolean
  reasons: readonly string[]
  draining: boolean
  changeable: boolean // whether there is a token
  broker: string
}>
export type RouteSection = Readonly<{
  match: string
  kind: string
  to: string
  timeoutMs: number
  perSecond: number
  policies: readonly Readonly<{ policy: string; mode: string }>[] // see Policy
}>
export type WorkerSection = Readonly<{
  topic: string
  group: Readonly<{
    group: string
    presence: string
    members: number | null
    lag: number // records not committed yet
    ageMs: number | null // since the last look that succeeded
  }> | null // null: no group is configured
  circuit: Circuit
  inFlight: number
  limit: number
  waiting: number
}>
/** A call that waits for a slot, for its reply or for an upstream. `leftMs` is until its command expires; null: never. */
export type WaitingCall = Readonly<{
  id: string
  route: string
  worker: string
  client: string
  waits: 'slot' | 'reply' | 'upstream'
  ageMs: number
  leftMs: number | null
  outcome: 'not-sent' | 'in-doubt' | 'sent'
  sendings: number
  partition: number
}>
export type WaitingCalls = Readonly<{ total: number; calls: readonly WaitingCall[] }>
export type Refusal = Readonly<{
  at: string
  policy: string
  route: string
  code: string
  detail: string
  mode: string
}>
export type FaultsSection = Readonly<{
  mode: string
  kinds: readonly string[]
  needs: Readonly<Record<string, string | null>> // what a rule of that kind must say
  rules: readonly Readonly<{
    name: string
    kind: string
    percent: number
    route?: string | undefined
    worker?: string | undefined
    endsInMs: number
    strikes: number
  }>[]
}>
/** One second of traffic: answers a second by what became of them, and how long workers' answers took; null without any. */
export type Moment = Readonly<{
  at: number // epoch ms
  ok: number
  refused: number // 4xx
  failed: number // 5xx
  p50Ms: number | null
  p99Ms: number | null
}>
export type Sections = Readonly<{
  [route: `route:${string}`]: RouteSection
  [worker: `worker:${string}`]: WorkerSection
  instance: InstanceSection
  publishing: RouteSection['policies']
  waiting: WaitingCalls
  refusals: readonly Refusal[]
  moment: Moment | null // the last second
  faults: FaultsSection | null // null: none can be injected
  operations: Readonly<{ pending: number; ended: number; bytes: number }> | null
  spool: Readonly<{ records: number; bytes: number; oldestMs: number; rejected: number }> | null
}>

/** The life of a call: `status` and `ms` are null while it runs. */
export type Life = Readonly<{
  id: string
  route: string
  at: string // RFC 3339
  status: number | null
  outcome: string
  ms: number | null
  steps: readonly Readonly<{ atMs: number; step: string; detail: string }>[]
}>
