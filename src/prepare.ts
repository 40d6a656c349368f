import type { TopicInfo } from './bridge/admin.ts'
import { allOf, lookAtTopics, ownTopicsOf, topicsOf } from './bridge/topics.ts'
import type { Topics } from './bridge/topics.ts'
import { every, pause } from './clock.ts'
import { Deliveries } from './deliveries.ts'
import { events } from './events.ts'
import type { Health } from './health.ts'
import { runDemos } from './parts.ts'
import type { Parts } from './parts.ts'
import { Problem } from './problem.ts'

const againMs = 100
const tellMs = 100
const lackingMs = 2_000

const progressOf = ({ read, total }: Readonly<{ read: number; total: number }>): string =>
  `The log of operations is being read: ${read} of ${total} records.`

/** Makes the gateway ready: tries again until Kafka is there, and resolves then or once `signal` aborts. */
export async function prepare(
  parts: Parts,
  health: Health,
  { demo, signal }: Readonly<{ demo: boolean; signal: AbortSignal }>,
): Promise<void> {
  const { config, broker, cluster, watches, inbox, operations, leases, following, domain, calling, push, held } = parts
  const { readiness } = health
  const wanted = topicsOf(config)
  const own = ownTopicsOf(config)
  readiness.block('broker', broker.state === 'ready' ? 'The topics are being looked at.' : health.unreachable().message)
  broker.start(wanted.map(({ name }) => name))
  held.use(
    broker.watch(state => {
      if (state === 'ready') cluster.circuit.halfOpenNow('news of the brokers')
      else if (!health.wasReady) readiness.block('broker', health.unreachable().message)
    }),
  )
  const block = (topic: string, why: string | null): void =>
    why === null ? readiness.clear(`view ${topic}`) : readiness.block(`view ${topic}`, why)
  while (!signal.aborted) {
    try {
      if (broker.state !== 'ready') throw health.unreachable()
      const topics = await lookAtTopics(broker.admin, wanted, config.broker.createTopics)
      const { known, lacking } = topics
      if ([...lacking.keys()].some(name => !own.has(name))) throw allOf(lacking)
      for (const name of known.keys()) broker.partitionFor(name, null) // throws while the metadata is not there
      learn(parts, health, topics)
      sayCompacted(config.replies.topic, known.get(config.replies.topic))
      await inbox.open(known.get(config.replies.topic)?.partitions ?? 1)
      await domain?.open()
      await following?.open()
      if (operations !== null) {
        using _telling = every(tellMs, () => readiness.block('broker', progressOf(operations.log.rebuild)))
        await operations.log.open(known.get(config.operations.topic)?.partitions ?? 1)
        await operations.returns.open(known.get(config.operations.replies)?.partitions ?? 1)
        operations.processes?.begin()
      }
      if (demo) await runDemos(config, broker, held)
      await leases?.met // the first second's calls would spend shares of what others are leasing already
      for (const watch of watches.values()) watch.start()
      for (const topic of following?.views ?? []) block(topic, `What is shown of ${topic} has not been read yet.`)
      health.prepared()
      if (health.deliveries === null) held.use(compareDeliveries(parts, health, known))
      for (const each of calling) each.start()
      for (const each of push) void insist(() => each.start(), signal)
      if (operations?.callbacks != null) void insist(() => operations.callbacks?.open(broker), signal)
      if (lacking.size > 0) void follow(parts, health, signal)
      return await following?.build(block, signal)
    } catch (error) {
      readiness.block('broker', Problem.from(error).message)
      await pause(againMs, signal)
    }
  }
}

function compareDeliveries({ config, broker }: Parts, health: Health, known: Topics['known']): Disposable {
  const deliveries = new Deliveries(config, broker)
  health.deliveries = deliveries
  return deliveries.follow(known)
}

/** Begins what nobody's request waits for, until it has begun. */
async function insist(begin: () => Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    try {
      return await begin()
    } catch {
      await pause(lackingMs, signal) // a topic may be missing yet
    }
}

function learn({ workers }: Parts, health: Health, { known, lacking }: Topics): void {
  for (const { bulkhead, options } of workers.values())
    bulkhead.partitions = known.get(options.topic)?.partitions ?? null
  health.lacking = lacking
}

/** Looks again until no topic is lacking: whoever owns it may create it, or give us the right to it. */
async function follow(parts: Parts, health: Health, signal: AbortSignal): Promise<void> {
  const { config, broker } = parts
  while (!signal.aborted && health.lacking.size > 0) {
    await pause(lackingMs, signal)
    if (signal.aborted || broker.state !== 'ready') continue
    try {
      learn(parts, health, await lookAtTopics(broker.admin, topicsOf(config), config.broker.createTopics))
    } catch {
      // the brokers do not answer at present, which is told elsewhere
    }
  }
}

function sayCompacted(topic: string, info: TopicInfo | undefined): void {
  if (info?.compacted !== true || !events.warning.hasSubscribers) return
  const what = `${topic} is compacted: the brokers refuse replies without a key, and keep only the last of each key. Set its cleanup.policy to delete.`
  events.warning.publish({ what, cause: undefined })
}
