import type { Config } from '../../config/schema/index.ts'
import { wallClock } from '../clock.ts'
import type { Acks } from './broker.ts'
import type { Broker } from './broker.ts'
import type { Keeping } from './admin.ts'

/** What a route promises of a topic. */
export type Promised = Readonly<{
  route: string
  topic: string
  delivery: 'volatile' | 'consumable' | 'replayable'
  acks: Acks | null // null: the route only reads
  groups: readonly string[]
  viewed: boolean // its latest records are what a view shows, so it is compacted on purpose
}>

const [hour, day] = [3_600_000, 86_400_000]
const lookedAt = 16 // partitions of a group, the furthest behind

/** The promises of a configuration: those of events, and those of streams that let clients go back. */
export function promisesOf({ routes }: Pick<Config, 'routes'>): readonly Promised[] {
  const views = new Set(Object.values(routes).flatMap(({ view }) => (view === undefined ? [] : [view.topic])))
  return Object.entries(routes).flatMap(([route, { event, stream, delivery }]): Promised[] => {
    if (event !== undefined) {
      const { topic, groups, acks = delivery === 'volatile' ? 'leader' : 'all' } = event
      return [{ route, topic, delivery, acks, groups, viewed: views.has(topic) }]
    }
    if (stream === undefined || delivery !== 'replayable') return []
    return stream.topics.map(topic => ({ route, topic, delivery, acks: null, groups: [], viewed: views.has(topic) }))
  })
}

/** Where the settings of a topic do not keep a promise: a sentence for each, with the command that mends it. */
export function mismatchesOf(promised: Promised, keeping: Keeping, brokers: string): readonly string[] {
  const { route, topic, delivery, acks, viewed } = promised
  const { retentionMs, cleanupPolicy, minInsyncReplicas, replication } = keeping
  const found: string[] = []
  const say = (when: boolean, what: string, mends: string): void => {
    if (when) found.push(`routes.${route} is ${delivery}, but ${topic} ${what}. ${mends}`)
  }
  const set = (option: string): string => settingOf(brokers, topic, option)
  const compacted = cleanupPolicy.includes('compact') && !viewed
  const kept = retentionMs < 0 ? 'for ever' : spanOf(retentionMs)
  if (delivery === 'volatile') {
    const weak = acks !== 'all' && minInsyncReplicas > 1
    say(
      weak,
      `has min.insync.replicas=${minInsyncReplicas}: while fewer are in sync, its events are confirmed and cannot be read`,
      set('min.insync.replicas=1'),
    )
    say(compacted, 'is compacted: it keeps the latest of each key for ever', set('cleanup.policy=delete'))
    say(retentionMs < 0 || retentionMs > day, `keeps its records ${kept}`, set(`retention.ms=${hour}`))
    return found
  }
  say(compacted, 'is compacted: who is behind misses what has been overwritten', set('cleanup.policy=delete'))
  // where there is one broker only, nothing mends it
  const single = replication === 1 && keeping.brokers > 1
  say(single, 'has one replica: it is lost with a broker', `Mend it: ${tool('reassign-partitions', brokers)} --execute`)
  say(
    replication > 1 && minInsyncReplicas === 1,
    'has min.insync.replicas=1: what one broker alone has confirmed is lost with it',
    set('min.insync.replicas=2'),
  )
  const short = delivery === 'replayable' && retentionMs >= 0 && retentionMs < day && !cleanupPolicy.includes('compact')
  say(short, `keeps its records ${kept} only`, set(`retention.ms=${7 * day}`))
  return found
}

/** Where a group that is to read every event does not, or soon will not: a sentence for each. */
export async function laggingOf(
  { route, topic, groups, delivery }: Promised,
  retentionMs: number,
  { admin, past }: Pick<Broker, 'admin' | 'past'>,
  brokers: string,
): Promise<readonly string[]> {
  if (delivery !== 'consumable') return []
  const found: string[] = []
  for (const group of groups) {
    const { committed, ends } = await admin.group(group, topic)
    const name = `routes.${route} is consumable, but the group ${group}`
    if (committed.every(offset => offset < 0n)) {
      found.push(
        `${name} has read nothing of ${topic} yet: it begins where its own settings say. Start a member of it.`,
      )
      continue
    }
    let [lost, oldestMs] = [0n, 0]
    for (const { partition, from } of furthest(committed, ends)) {
      const { records, first } = await past.page({ topic, partition, from, maxBytes: 1 })
      if (first > from) lost += first - from
      const written = records[0]?.timestamp
      if (written !== undefined) oldestMs = Math.max(oldestMs, wallClock() - written)
    }
    if (lost > 0n)
      found.push(
        `${name} has missed ${lost} records of ${topic}, which are deleted. ${more(topic, brokers, retentionMs)}`,
      )
    else if (retentionMs > 0 && oldestMs > retentionMs / 2)
      found.push(
        `${name} is ${spanOf(oldestMs)} behind on ${topic}, which keeps ${spanOf(retentionMs)}: soon it misses what is deleted. ${more(topic, brokers, retentionMs)}`,
      )
  }
  return found
}

const furthest = (committed: readonly bigint[], ends: readonly bigint[]) =>
  committed
    .map((from, partition) => ({ partition, from, lag: (ends[partition] ?? 0n) - from }))
    .filter(({ from, lag }) => from >= 0n && lag > 0n)
    .sort((a, b) => Number(b.lag - a.lag))
    .slice(0, lookedAt)

const more = (topic: string, brokers: string, retentionMs: number): string =>
  `Start more members of it, or keep more. ${settingOf(brokers, topic, `retention.ms=${Math.max(4 * retentionMs, 7 * day)}`)}`

const tool = (name: string, brokers: string): string => `kafka-${name}.sh --bootstrap-server ${brokers}`
const settingOf = (brokers: string, topic: string, option: string): string =>
  `Mend it: ${tool('configs', brokers)} --alter --entity-type topics --entity-name ${topic} --add-config ${option}`

/** As people say it: whole days, hours, minutes or seconds. */
function spanOf(ms: number): string {
  const units = [
    [day, 'd'],
    [hour, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const
  const [size, name] = units.find(([size]) => ms >= size) ?? [1_000, 's']
  return `${Math.round(ms / size)} ${name}`
}
