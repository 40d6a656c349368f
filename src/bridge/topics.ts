import type { Config, RouteOptions } from '../../config/schema/index.ts'
import { Problem } from '../problem.ts'
import type { Admin, NewTopic, TopicInfo } from './admin.ts'

/**
 * Makes sure that every topic exists, and creates missing ones where that is allowed. Returns what is known of each, by
 * name. Throws topic-missing, topic-forbidden or broker-unavailable: the caller tries again.
 */
export async function ensureTopics(
  admin: Admin,
  wanted: readonly NewTopic[],
  create: boolean,
): Promise<ReadonlyMap<string, TopicInfo>> {
  const found = new Map<string, TopicInfo>()
  const missing: NewTopic[] = []
  for (const topic of wanted) {
    const info = await admin.topic(topic.name)
    if (info === null) missing.push(topic)
    else found.set(topic.name, info)
  }
  if (missing.length === 0) return found
  const names = missing.map(({ name }) => name).join(', ')
  if (!create) throw new Problem('topic-missing', `Missing, and broker.createTopics is false: ${names}.`)
  await admin.create(missing)
  for (const { name } of missing) {
    const info = await admin.topic(name)
    if (info === null) throw new Problem('topic-missing', `Created, but not known to the brokers yet: ${name}.`)
    found.set(name, info)
  }
  return found
}

type Wants = Readonly<
  Pick<RouteOptions, 'async' | 'onTimeout'> & { idempotency?: Readonly<{ mode: string }> | undefined }
>
/** Whether calls of a route may become operations, or hold keys. */
export const wantsOperations = ({ async, onTimeout, idempotency }: Wants): boolean =>
  async !== 'off' || onTimeout === 'accept' || (idempotency !== undefined && idempotency.mode !== 'off')

const recordBytes = 65_536 // headers and framing around the largest reply

/** Every topic of the configuration, with what it is created with when it is missing. */
export function topicsOf({ replies, operations, workers, routes }: Config): NewTopic[] {
  const all = new Map<string, NewTopic>()
  const add = (name: string, partitions: number, config: NewTopic['config']): void =>
    void all.set(name, { name, partitions, replication: -1, config })
  for (const { event, delivery } of Object.values(routes))
    if (event !== undefined)
      add(event.topic, event.partitions, delivery === 'volatile' ? { 'retention.ms': '3600000' } : {})
  for (const { stream } of Object.values(routes))
    for (const topic of stream?.topics ?? []) if (!all.has(topic)) add(topic, stream?.partitions ?? -1, {})
  for (const { topic, partitions } of Object.values(workers)) add(topic, partitions, {})
  add(replies.topic, replies.partitions, { 'cleanup.policy': 'delete', 'retention.ms': String(replies.retentionMs) })
  if (Object.values(routes).some(wantsOperations)) {
    const { topic, partitions, replyRetentionMs } = operations
    const largest = String(replies.maxBytes + recordBytes)
    add(topic, partitions, { 'cleanup.policy': 'compact', 'max.message.bytes': largest })
    const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(replyRetentionMs) }
    add(operations.replies, partitions, { ...kept, 'max.message.bytes': largest })
  }
  return [...all.values()]
}
