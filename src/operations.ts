import type { Config, RouteOptions } from '../config/schema/index.ts'
import type { Broker, Handler, Incoming } from './bridge/broker.ts'
import type { Far } from './bridge/faulty.ts'
import type {
  Callbacks,
  Claims,
  Forward,
  Interned,
  OperableOptions,
  Operations,
  Resources,
  Returns,
  ReturnsOptions,
  Terms,
} from './bridge/operations/index.ts'
import type { Processes } from './bridge/processes/index.ts'
import { usesOperations, wantsOperations } from './bridge/topics.ts'
import { dialectOf, replyReader } from './bridge/wire/index.ts'
import type { Decode } from './bridge/wire/index.ts'
import type { Call, Reply, Service } from './call.ts'
import { events } from './events.ts'
import { openCallbacks } from './receivers.ts'

/** What a gateway has when a route of it has operations. */
export type OperationsPart = Readonly<{
  log: Operations
  returns: Returns
  /** The core of a route whose calls may become operations. */
  core: (
    publish: Far['publish'],
    options: Omit<OperableOptions, 'late'>,
    spooling: Far['publish'] | null,
  ) => Service<Call, Reply>
  /** Whether a call may wait on disk for the brokers. */
  mayKeep: (call: Call) => boolean
  claims: (terms: Terms) => Claims
  /** What clients see of them. */
  resources: Resources
  /** Who is told of their end; null where nobody may be. */
  callbacks: Callbacks | null
  /** Null where no route runs any. */
  processes: Processes | null
  /** The core of a route that runs a process. */
  starting: (terms: Terms) => Service<Call, Reply>
}>
type Opening = Readonly<{
  instance: string
  broker: Broker
  publish: Far['publish']
  held: AsyncDisposableStack
  decode: (route: string) => Decode | null
  ahead: (handler: Handler) => Handler
}>

/** Opens what the operations of all routes need, null where no route has any; closed with what is held. */
export async function openOperations(
  config: Config,
  { instance, broker, publish, held, decode, ahead }: Opening,
): Promise<OperationsPart | null> {
  const { operations, workers, routes } = config
  if (!usesOperations(config)) return null
  const { Cancels, Claims, forwarding, mayKeep, Operations, Returns, operable, resources } =
    await import('./bridge/operations/index.ts') // not loaded where it is not used
  const unnamed = Object.keys(routes).filter(name => isUnnamed(routes[name]))
  if (unnamed.length > 0)
    events.warning.publish({
      what: `Operations and Idempotency-Keys belong to the addresses of clients, as nobody else names them: ${unnamed.join(', ')}.`,
      cause: undefined,
    })
  const log = held.use(new Operations({ broker, publish }, { ...operations, overflow: await overflowOf(operations) }))
  const topics = { publish, partitionFor: (topic: string, key: Uint8Array | null) => broker.partitionFor(topic, key) }
  const forwards = new Map(
    Object.entries(routes).flatMap(([route, { lateReplies }]) =>
      lateReplies === undefined ? [] : [[route, forwarding(topics, lateReplies)] as const],
    ),
  )
  const late = (route: string): Forward | null => forwards.get(route) ?? null
  const cancels = new Cancels()
  const refused = (id: string): void => cancels.refused(id)
  const dialects = Object.values(workers).map(dialectOf)
  const read = readerOf(config, decode)
  const loaded = Object.values(routes).some(({ process }) => process !== undefined)
    ? await import('./bridge/processes/index.ts') // not loaded where it is not used
    : null
  let processes: Processes | null = null
  const steps =
    loaded === null
      ? undefined
      : {
          correlationOf: loaded.correlationOfStep,
          answer: async (id: string, record: Incoming) => await processes?.answer(id, record),
        }
  const returns = held.use(
    new Returns(broker, log, { topic: operations.replies, dialects, refused, late, read, ahead, steps }),
  )
  if (loaded !== null) {
    const place = () => returns.place
    processes = held.use(
      new loaded.Processes({ operations: log, ...topics, place, workers, instance, read: stepReader(config) }),
    )
  }
  const callbacks = await openCallbacks(config, log, held)
  const cancelling = {
    operations: log,
    returns,
    publish,
    dialectOf: (name: string) => (workers[name]?.cancel === true ? dialectOf(workers[name]) : null),
  }
  return {
    log,
    returns,
    callbacks,
    mayKeep,
    core: (publish, options, spooling) =>
      operable({ publish, spooling, operations: log, returns }, { ...options, late: late(options.route) }),
    claims: terms => new Claims(log, terms),
    processes,
    starting: terms => {
      if (loaded === null || processes === null) throw new Error('No route runs a process.')
      return loaded.starting(log, processes, terms)
    },
    resources: resources(log, { ...operations, cancelled: operation => cancels.cancel(cancelling, operation) }),
  }
}

/** Reads the replies to the steps of processes. */
function stepReader({ workers, replies: { maxBytes: maxReplyBytes } }: Config) {
  const readers = new Map(
    Object.entries(workers).map(([name, worker]) => [
      name,
      replyReader({ dialect: dialectOf(worker), contentType: worker.contentType, maxReplyBytes }),
    ]),
  )
  const plain = replyReader({ dialect: 'sluice', maxReplyBytes })
  return (worker: string, record: Incoming): Reply => (readers.get(worker) ?? plain)(record, worker)
}

/** Whether the route has operations, and may be asked by somebody of whom only the address is known. */
const isUnnamed = (route: RouteOptions | undefined): boolean =>
  route !== undefined && wantsOperations(route) && route.identity !== 'required'

/** Where operations go that are too many for memory. */
async function overflowOf({ file }: Config['operations']) {
  if (file === undefined) return null
  const { Overflow } = await import('./bridge/operations/overflow.ts') // not loaded where it is not used
  return (interned: Interned) => new Overflow(file, interned)
}

/** Reads replies as the route of their command has it; of a route that there is no more, as plainly as can be. */
function readerOf(
  { routes, workers, replies: { maxBytes: maxReplyBytes } }: Config,
  decode: Opening['decode'],
): ReturnsOptions['read'] {
  const readers = new Map(
    Object.entries(routes).flatMap(([name, { command, query, contentType }]) => {
      const worker = workers[(command ?? query)?.to ?? '']
      if (worker === undefined) return []
      const options = {
        dialect: dialectOf(worker),
        contentType: contentType ?? worker.contentType,
        decode: decode(name),
      }
      return [[name, replyReader({ ...options, maxReplyBytes })] as const]
    }),
  )
  const plain = replyReader({ dialect: 'sluice', maxReplyBytes })
  return (route, record, worker) => (readers.get(route) ?? plain)(record, worker)
}
