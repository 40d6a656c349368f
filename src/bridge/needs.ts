import type { Config } from '../../config/schema/index.ts'
import type { NewTopic, TopicInfo } from './admin.ts'
import { deadOf, eventTopics, groupOf, topicsOf, usesOperations } from './topics.ts'

/** What may be done to a topic or a group, by Kafka's names, in the order in which they are listed. */
const operations = ['Create', 'Read', 'Write', 'Describe', 'DescribeConfigs'] as const
export type Operation = (typeof operations)[number]

type Need = Readonly<{ name: string; uses: readonly string[]; operations: readonly Operation[] }>
/** A topic as it should be, what it is for, and what a gateway must be allowed to do to it. */
export type TopicNeed = NewTopic & Need
export type Needs = Readonly<{
  topics: readonly TopicNeed[]
  groups: readonly Need[]
  notes: readonly string[] // what cannot be known from the configuration: sentences
}>

type Use = (name: string, use: string, ...operations: readonly Operation[]) => void

/** Everything that a gateway of this configuration needs of its cluster. `replicas` of each topic. */
export function needsOf(config: Config, replicas: number): Needs {
  const topics = new Uses()
  const groups = new Uses()
  useRoutes(config, topics.add, groups.add)
  useOperations(config, topics.add, groups.add)
  const notes = useDelivering(config, topics.add, groups.add)
  for (const [name, { topic, group }] of Object.entries(config.workers)) {
    topics.add(topic, `commands of workers.${name}`, 'Write')
    if (group !== undefined) groups.add(group, `workers.${name} is watched`, 'Describe')
  }
  topics.add(config.replies.topic, 'replies', 'Read')
  const looks: readonly Operation[] = [
    'Describe',
    'DescribeConfigs',
    ...(config.broker.createTopics ? ['Create' as const] : []),
  ]
  const kept = keptBy(config)
  return {
    topics: topicsOf(config).map(topic => {
      const known = topics.of(topic.name, looks)
      return { ...topic, ...known, replication: replicas, config: settingsOf(topic, kept.get(topic.name), replicas) }
    }),
    groups: groups.names.map(name => groups.of(name)),
    notes,
  }
}

/** What is done to topics, or to groups, and what for. */
class Uses {
  readonly #uses = new Map<string, Set<string>>()
  readonly #operations = new Map<string, Set<Operation>>()

  readonly add: Use = (name, use, ...operations) => {
    this.#uses.set(name, (this.#uses.get(name) ?? new Set()).add(use))
    this.#operations.set(name, new Set([...(this.#operations.get(name) ?? []), ...operations]))
  }

  get names(): readonly string[] {
    return [...this.#uses.keys()]
  }

  of(name: string, more: readonly Operation[] = []): Need {
    const allowed = new Set([...(this.#operations.get(name) ?? []), ...more])
    return { name, uses: [...(this.#uses.get(name) ?? [])], operations: operations.filter(one => allowed.has(one)) }
  }
}

function useRoutes({ routes, tenants }: Config, topic: Use, group: Use): void {
  for (const [route, { event, stream, view, replies, delivery }] of Object.entries(routes)) {
    for (const name of event === undefined ? [] : eventTopics(event, tenants))
      topic(name, `events of routes.${route}`, 'Write')
    if (event !== undefined && delivery === 'consumable')
      for (const name of event.groups) {
        topic(event.topic, `how far ${name} is behind`, 'Read')
        group(name, `routes.${route} is to be read by it`, 'Describe')
      }
    for (const name of stream?.topics ?? []) {
      topic(name, `routes.${route} streams it`, 'Read')
      if (stream?.protocol === 'durable-streams') topic(name, `clients of routes.${route} append to it`, 'Write')
    }
    if (view !== undefined) topic(view.topic, `routes.${route} shows it`, 'Read')
    if (replies !== undefined) topic(replies.topic, `domain events that answer routes.${route}`, 'Read')
  }
}

function useOperations({ operations, routes }: Config, topic: Use, group: Use): void {
  if (!usesOperations({ routes })) return
  topic(operations.topic, 'log of operations and keys', 'Read', 'Write')
  topic(operations.replies, 'replies to operations', 'Read')
  for (const [route, { lateReplies }] of Object.entries(routes))
    if (lateReplies !== undefined) topic(lateReplies, `late replies of routes.${route}`, 'Write')
  if (operations.callbacks !== undefined) group(operations.callbacks.group, 'callbacks', 'Read', 'Describe')
}

/** Of `calls` and `push`. A call is answered where its command says, which only the configuration of who sent it knows. */
function useDelivering(
  { calls, push, workers, replies, operations, routes }: Config,
  topic: Use,
  group: Use,
): readonly string[] {
  const own = new Set(Object.values(workers).map(worker => worker.topic))
  const notes: string[] = []
  for (const [name, options] of Object.entries(calls)) {
    topic(options.topic, `commands of calls.${name}`, 'Read')
    topic(deadOf(options), `dead letters of calls.${name}`, 'Read', 'Write') // after a crash it looks what was given up already
    group(groupOf('calls', name, options), `calls.${name}`, 'Read', 'Describe')
    if (own.has(options.topic)) {
      topic(replies.topic, `replies of calls.${name}`, 'Read', 'Write')
      if (usesOperations({ routes })) topic(operations.replies, `replies of calls.${name}`, 'Write')
    }
    notes.push(
      `calls.${name} answers to the topic that a command of ${options.topic} names: where another gateway sends them, it needs Read, Write and Describe on that gateway's reply topics, too.`,
    )
  }
  for (const [name, options] of Object.entries(push)) {
    topic(options.topic, `events of push.${name}`, 'Read')
    topic(deadOf(options), `dead letters of push.${name}`, 'Write')
    group(groupOf('push', name, options), `push.${name}`, 'Read', 'Describe')
  }
  return notes
}

type Kept = 'volatile' | 'consumable' | 'replayable'
const rank: readonly Kept[] = ['volatile', 'consumable', 'replayable']

/** How the routes to a topic want it kept; where they differ, by whoever wants most. */
function keptBy({ routes, tenants }: Config): ReadonlyMap<string, Kept> {
  const kept = new Map<string, Kept>()
  const keep = (topic: string, as: Kept): void => {
    if (rank.indexOf(as) > rank.indexOf(kept.get(topic) ?? 'volatile') || !kept.has(topic)) kept.set(topic, as)
  }
  for (const { event, stream, delivery } of Object.values(routes)) {
    for (const topic of event === undefined ? [] : eventTopics(event, tenants)) keep(topic, delivery)
    if (delivery === 'replayable') for (const topic of stream?.topics ?? []) keep(topic, delivery)
  }
  return kept
}

const week = String(7 * 86_400_000)

/** What it is created with, and what the delivery class of its routes demands: docs/delivery.md. */
function settingsOf({ config }: NewTopic, kept: Kept | undefined, replicas: number): NewTopic['config'] {
  const settings = { 'cleanup.policy': 'delete', ...config }
  return {
    ...settings,
    ...(kept === 'replayable' && settings['cleanup.policy'] === 'delete' && { 'retention.ms': week }),
    'min.insync.replicas': kept !== 'volatile' && replicas > 1 ? '2' : '1',
  }
}

/** What of a topic is not as it should be: phrases. Null stands for one that is missing. */
export function differencesOf(need: TopicNeed, info: TopicInfo | null): readonly string[] {
  if (info === null) return ['is missing']
  const found: string[] = []
  const compare = (what: string, has: number | string, wanted: number | string | undefined): void => {
    if (wanted !== undefined && String(has) !== String(wanted)) found.push(`has ${what} ${has}, not ${wanted}`)
  }
  if (need.partitions > 0) compare('partitions', info.partitions, need.partitions)
  const { keeping } = info
  if (keeping === undefined) return [...found, 'does not show its settings: DescribeConfigs is not allowed']
  if (keeping.replication < need.replication) compare('replicas', keeping.replication, need.replication)
  compare('cleanup.policy', keeping.cleanupPolicy, need.config['cleanup.policy'])
  compare('retention.ms', keeping.retentionMs, need.config['retention.ms'])
  compare('min.insync.replicas', keeping.minInsyncReplicas, need.config['min.insync.replicas'])
  compare('max.message.bytes', info.maxMessageBytes, need.config['max.message.bytes'])
  return found
}
