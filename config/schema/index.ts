import { z } from 'zod'
import { Admin } from './admin.ts'
import { Api } from './api.ts'
import { Publish, Broker } from './broker.ts'
import { Bulkhead } from './bulkhead.ts'
import { DomainReplies } from './domain.ts'
import { Calls } from './calls.ts'
import { Egress } from './delivery.ts'
import { Drain } from './drain.ts'
import { Fallback } from './fallback.ts'
import { FaultRule, Faults } from './faults.ts'
import { Gather } from './gather.ts'
import { Identity } from './identity.ts'
import { Instance } from './instance.ts'
import { Log } from './log.ts'
import { Callbacks, Operations } from './operations.ts'
import { Overload } from './overload.ts'
import { Process, Step } from './process.ts'
import { Policies } from './policies.ts'
import { Push } from './push.ts'
import { Total, Quota } from './quota.ts'
import { Redis } from './redis.ts'
import { Registry } from './registry.ts'
import { Replies } from './replies.ts'
import { Idempotency, Resend, Hedge, Route } from './route.ts'
import { Filter, Stream } from './stream.ts'
import { Server } from './server.ts'
import { Spool } from './spool.ts'
import { Strangler } from './strangler.ts'
import { Upstream } from './upstream.ts'
import { name, Mode } from './value.ts'
import { Tenants } from './tenants.ts'
import { View } from './view.ts'
import { Worker } from './worker.ts'

/** The one schema: types, JSON Schema and docs/config.md come from it. A file for each section; `value.ts` has what they share. */
export const Config = z.strictObject({
  server: Server.prefault({}).describe('Where clients come in.'),
  admin: Admin.prefault({}).describe(
    '/livez, /readyz, /metrics, /config and /policies, on a port of their own, and what operators may change.',
  ),
  api: Api.prefault({}).describe('The documents that describe the gateway: `sluice openapi`, `sluice asyncapi`.'),
  instance: Instance.prefault({}).describe('Which of many gateways this is.'),
  broker: Broker.prefault({}).describe('The Kafka cluster.'),
  identity: Identity.prefault({}).describe('Who clients are: for the routes with `identity`.'),
  redis: Redis.optional().describe('A Redis in which instances share quotas. Without it each instance has its own.'),
  registry: Registry.optional().describe('A schema registry, for routes whose `schema` is found there.'),
  replies: Replies.prefault({}).describe('Where the workers answer.'),
  operations: Operations.prefault({}).describe(
    'The operations of routes with `async`, `onTimeout: accept` or `idempotency`. Where no route has any, nothing is opened.',
  ),
  egress: Egress.prefault({}).describe('Where HTTP receivers may be: those of `operations.callbacks` and `push`.'),
  spool: Spool.optional().describe(
    'Where the events and commands of routes with `spool: true` wait, on disk, while the brokers are away or slow.',
  ),
  tenants: Tenants.optional().describe(
    'Who shares the gateway: each has quotas, slots, keys and topics of its own. Off unless given.',
  ),
  workers: z.record(name, Worker).default({}).describe('Who answers, by name.'),
  upstreams: z.record(name, Upstream).default({}).describe('HTTP servers that calls and routes are sent to, by name.'),
  calls: z
    .record(name, Calls)
    .default({})
    .describe('Commands from topics that become HTTP requests, whose answers become the replies, by name.'),
  processes: z
    .record(name, Process)
    .default({})
    .describe('Commands done one after the other, and undone in reverse when one of them is not: docs/processes.md.'),
  push: z.record(name, Push).default({}).describe('HTTP subscribers of topics, by name.'),
  routes: z
    .record(name, Route)
    .describe(
      'The ways in, by name. A route has just one of `command`, `query`, `event`, `stream`, `view`, `process` and `upstream`; or an upstream beside a command or query.',
    ),
  policies: Policies.prefault({}).describe('Policies without options of their own, and what they remember.'),
  overload: Overload.prefault({}).describe('What the process itself can bear, asked before a body is read.'),
  faults: Faults.prefault({}).describe('What goes wrong on purpose, to see how clients and policies bear it.'),
  drain: Drain.prefault({}).describe('How an instance stops.'),
  readiness: z
    .enum(['degraded', 'strict'])
    .default('degraded')
    .describe('`degraded`: once ready, an outage of the brokers leaves the instance ready. `strict`: it does not.'),
  log: Log.prefault({}).describe('What is written while it runs.'),
})

export type Config = z.output<typeof Config>
export type ModeName = z.output<typeof Mode>
export type QuotaOptions = z.output<typeof Quota>
export type TotalOptions = z.output<typeof Total>
export type RedisOptions = z.output<typeof Redis>
export type BulkheadOptions = z.output<typeof Bulkhead>
export type WorkerOptions = z.output<typeof Worker>
export type WatchModes = Pick<WorkerOptions['watch'], 'noWorker' | 'behind'>
export type WorkerBreakerOptions = WorkerOptions['breaker']
export type PublishOptions = z.output<typeof Publish>
export type RouteOptions = z.output<typeof Route>
export type IdempotencyOptions = z.output<typeof Idempotency>
export type ResendOptions = z.output<typeof Resend>
export type SchemaOptions = NonNullable<RouteOptions['schema']>
export type RegistrySection = z.output<typeof Registry>
export type SchemaSource = NonNullable<SchemaOptions['request']>
export type HedgeOptions = z.output<typeof Hedge>
export type DomainReplies = z.output<typeof DomainReplies>
export type GatherOptions = z.output<typeof Gather>
export type ProcessOptions = z.output<typeof Process>
export type StepOptions = z.output<typeof Step>
export type StreamOptions = z.output<typeof Stream>
export type ViewOptions = z.output<typeof View>
export type FilterOptions = z.output<typeof Filter>
export type FaultRule = z.output<typeof FaultRule>
export type FaultOptions = Config['faults']
export type TenantsOptions = z.output<typeof Tenants>
export type ServerOptions = Config['server']
export type ServerTlsOptions = NonNullable<ServerOptions['tls']>
export type FallbackStep = z.output<typeof Fallback>
export type OverloadOptions = Config['overload']
export type OperationsOptions = Config['operations']
export type PushOptions = z.output<typeof Push>
export type CallbacksOptions = z.output<typeof Callbacks>
export type SpoolOptions = z.output<typeof Spool>
export type IdentityOptions = Config['identity']
export type UpstreamConfig = z.output<typeof Upstream>
export type StranglerOptions = z.output<typeof Strangler>
export type CallsOptions = z.output<typeof Calls>
export type BrokerOptions = Config['broker']
