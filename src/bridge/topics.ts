import type { Config, RouteOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Admin, NewTopic, TopicInfo } from './admin.ts'

/** What is known of topics, by name, and why a topic cannot be used: topic-missing or topic-forbidden. */
export type Topics = Readonly<{ known: ReadonlyMap<string, TopicInfo>; lacking: ReadonlyMap<string, Problem> }>

/**
 * Looks at every topic, and creates missing ones where that is allowed. Throws when the brokers do not answer, or do not
 * know yet what was created: the caller tries again.
 */
export async function lookAtTopics(admin: Admin, wanted: readonly NewTopic[], create: boolean): Promise<Topics> {
  const known = new Map<string, TopicInfo>()
  const lacking = new Map<string, Problem>()
  for (const topic of wanted)
    try {
      known.set(topic.name, await ensureTopic(admin, topic, create))
    } catch (error) {
      const problem = Problem.from(error)
      if (problem.code !== 'topic-missing' && problem.code !== 'topic-forbidden') throw problem
      lacking.set(topic.name, problem)
    }
  return { known, lacking }
}

async function ensureTopic(admin: Admin, topic: NewTopic, create: boolean): Promise<TopicInfo> {
  const { name } = topic
  const found = await admin.topic(name)
  if (found !== null) return found
  if (!create) throw new Problem('topic-missing', `There is no topic ${name}, and broker.createTopics is false.`)
  await admin.create([topic])
  const created = await admin.topic(name)
  if (created === null) throw new Problem('not-ready', `Created, but not known to the brokers yet: ${name}.`)
  return created
}

/** All that is lacking in one problem. */
export function allOf(lacking: ReadonlyMap<string, Problem>): Problem {
  const problems = [...lacking.values()]
  const forbidden = problems.find(({ code }) => code === 'topic-forbidden')
  const names = [...lacking.keys()].join(', ')
  return forbidden ?? new Problem('topic-missing', `Missing, and broker.createTopics is false: ${names}.`)
}

/** The same where none may be lacking. Throws topic-missing and topic-forbidden, too. */
export async function ensureTopics(
  admin: Admin,
  wanted: readonly NewTopic[],
  create: boolean,
): Promise<ReadonlyMap<string, TopicInfo>> {
  const { known, lacking } = await lookAtTopics(admin, wanted, create)
  if (lacking.size > 0) throw allOf(lacking)
  return known
}

/** The topics without which only the routes to them cannot work; without any other none can. */
export function ownTopicsOf(config: Config): ReadonlySet<string> {
  const { replies, operations, workers, routes, calls, push } = config
  const own = new Set(Object.values(workers).map(({ topic }) => topic))
  for (const { event } of Object.values(routes))
    for (const topic of event === undefined ? [] : eventTopics(event, config.tenants)) own.add(topic)
  for (const each of [...Object.values(calls), ...Object.values(push)]) own.add(each.topic).add(deadOf(each))
  const streamed = Object.values(routes).flatMap(({ stream }) => stream?.topics ?? [])
  for (const name of [replies.topic, operations.topic, operations.replies, ...streamed]) own.delete(name)
  return own
}

/** Where the events of a route may go: by the claim of a client, or by its tenant. */
export function eventTopics(
  { topic, topicByClaim }: NonNullable<RouteOptions['event']>,
  tenants: Config['tenants'],
): readonly string[] {
  const all = [topic, ...Object.values(topicByClaim?.values ?? {})]
  const own = Object.values(tenants?.of ?? {}).flatMap(({ topics }) => all.flatMap(name => topics[name] ?? []))
  return [...new Set([...all, ...own])]
}

type Wants = Readonly<
  Pick<RouteOptions, 'async' | 'onTimeout' | 'lateReplies' | 'process'> & {
    idempotency?: Readonly<{ mode: string }> | undefined
  }
>
/** Whether calls of a route may become operations, or hold keys. */
export const wantsOperations = ({ async, onTimeout, idempotency, lateReplies, process }: Wants): boolean =>
  async !== 'off' ||
  lateReplies !== undefined ||
  process !== undefined ||
  onTimeout === 'accept' ||
  (idempotency !== undefined && idempotency.mode !== 'off')

/** Whether any route of a configuration wants them. */
export const usesOperations = ({ routes }: Pick<Config, 'routes'>): boolean =>
  Object.values(routes).some(wantsOperations)

/** Where records are put that are given up. */
export const deadOf = ({ topic, dead }: Readonly<{ topic: string; dead?: string | undefined }>): string =>
  dead ?? `${topic}.dead`

/** The group by which a part that delivers reads its topic. */
export const groupOf = (
  part: 'calls' | 'push',
  name: string,
  { group }: Readonly<{ group?: string | undefined }>,
): string => group ?? `sluice.${part}.${name}`

/** All topics of a configuration in which there may be dead letters. */
export const deadTopicsOf = ({ calls, push }: Pick<Config, 'calls' | 'push'>): readonly string[] => [
  ...new Set([...Object.values(calls), ...Object.values(push)].map(deadOf)),
]

const recordBytes = 65_536 // headers and framing around the largest reply

/**
 * A log that each start reads whole. As Kafka's defaults have it, nothing of it would be compacted for a week or a gigabyte of a
 * partition, and tombstones would stay for a day more: none is needed for longer than a start may take.
 */
const compactedOften = (largestRecord: number): NewTopic['config'] => ({
  'cleanup.policy': 'compact',
  'segment.ms': '3600000',
  'segment.bytes': String(Math.max(segmentBytes, largestRecord)),
  'min.cleanable.dirty.ratio': '0.1',
  'delete.retention.ms': '3600000',
})
const segmentBytes = 67_108_864

/** Every topic of the configuration, with what it is created with when it is missing. */
export function topicsOf({ replies, operations, workers, routes, calls, push, tenants }: Config): NewTopic[] {
  const all = new Map<string, NewTopic>()
  const add = (name: string, partitions: number, config: NewTopic['config']): void =>
    void all.set(name, { name, partitions, replication: -1, config })
  for (const { event, delivery } of Object.values(routes))
    for (const topic of event === undefined ? [] : eventTopics(event, tenants))
      add(topic, event?.partitions ?? -1, delivery === 'volatile' ? { 'retention.ms': '3600000' } : {})
  for (const { stream } of Object.values(routes))
    for (const topic of stream?.topics ?? []) if (!all.has(topic)) add(topic, stream?.partitions ?? -1, {})
  for (const { replies: domain } of Object.values(routes))
    if (domain !== undefined && !all.has(domain.topic)) add(domain.topic, domain.partitions, {})
  for (const { view } of Object.values(routes)) {
    const known = view === undefined ? undefined : all.get(view.topic)
    if (view !== undefined)
      add(view.topic, known?.partitions ?? view.partitions, { ...known?.config, 'cleanup.policy': 'compact' })
  }
  for (const { topic, partitions } of Object.values(workers)) add(topic, partitions, {})
  for (const each of [...Object.values(calls), ...Object.values(push)]) {
    if (!all.has(each.topic)) add(each.topic, each.partitions, {})
    add(deadOf(each), each.partitions, {})
  }
  add(replies.topic, replies.partitions, { 'cleanup.policy': 'delete', 'retention.ms': String(replies.retentionMs) })
  if (usesOperations({ routes })) {
    const { topic, partitions, replyRetentionMs } = operations
    const largest = String(replies.maxBytes + recordBytes)
    add(topic, partitions, { ...compactedOften(replies.maxBytes + recordBytes), 'max.message.bytes': largest })
    const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(replyRetentionMs) }
    for (const { lateReplies } of Object.values(routes)) if (lateReplies !== undefined) add(lateReplies, -1, {})
    add(operations.replies, partitions, { ...kept, 'max.message.bytes': largest })
  }
  return [...all.values()]
}
