import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { now, until } from './time.ts'

/** A record as an independent client reads it. */
export type Logged = Readonly<{
  topic: string
  partition: number
  offset: string
  headers: Readonly<Record<string, string>>
  value: string
}>

const client = (brokers: string) =>
  new kafkajs.Kafka({
    brokers: brokers.split(','),
    clientId: 'ledger',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 200, retries: 20 },
  })

/** Offsets by topic and partition, written as `topic/partition`. */
export type Ends = ReadonlyMap<string, bigint>

/** Where the topics end at present. */
export async function endsOf(brokers: string, topics: readonly string[]): Promise<Ends> {
  const admin = client(brokers).admin()
  try {
    await admin.connect()
    const ends = new Map<string, bigint>()
    for (const topic of topics)
      for (const { partition, high } of await admin.fetchTopicOffsets(topic))
        ends.set(`${topic}/${partition}`, BigInt(high))
    return ends
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/** Reads topics from there to their present ends, by plain kafkajs: nothing here is the gateway's code. */
export async function readTopics(brokers: string, topics: readonly string[], from: Ends): Promise<readonly Logged[]> {
  const beginning = (place: string): bigint => from.get(place) ?? 0n
  const open = new Map([...(await endsOf(brokers, topics))].filter(([place, end]) => end > beginning(place)))
  const consumer = client(brokers).consumer({ groupId: `ledger-${randomUUID()}`, allowAutoTopicCreation: false })
  const logged: Logged[] = []
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        const place = `${topic}/${partition}`
        for (const { offset, headers = {}, value } of messages) {
          const at = BigInt(offset)
          if (at + 1n >= (open.get(place) ?? 0n)) open.delete(place)
          if (at < beginning(place)) continue
          const texts = Object.entries(headers).map(([name, said]) => [name, String(said)] as const)
          logged.push({ topic, partition, offset, headers: Object.fromEntries(texts), value: String(value ?? '') })
        }
      },
    })
    await until('the topics to be read', 60_000, () => open.size === 0)
    return logged
  } finally {
    await consumer.disconnect().catch(() => {})
  }
}

/** Creates topics with that many copies, each partition led by the node that is named, the others following. */
export async function createTopics(
  brokers: string,
  topics: readonly Readonly<{ name: string; partitions: number; leader: number }>[],
  nodes: readonly number[],
): Promise<void> {
  const admin = client(brokers).admin()
  try {
    await admin.connect()
    await admin.createTopics({
      waitForLeaders: false, // it gives up where the topic is not known to all brokers yet
      topics: topics.map(({ name, partitions, leader }) => ({
        topic: name,
        replicaAssignment: Array.from({ length: partitions }, (_, partition) => ({
          partition,
          replicas: [leader, ...nodes.filter(node => node !== leader)],
        })),
        configEntries: [{ name: 'min.insync.replicas', value: '2' }],
      })),
    })
  } finally {
    await admin.disconnect().catch(() => {})
  }
  const led = async ({ name, partitions }: (typeof topics)[number]): Promise<boolean> => {
    const known = await places(brokers, name).catch(() => [])
    return (
      known.length === partitions && known.every(({ leader, inSync }) => leader >= 0 && inSync.length === nodes.length)
    )
  }
  for (const topic of topics) await until(`${topic.name} to be led`, 30_000, () => led(topic))
}

export type Place = Readonly<{ leader: number; inSync: readonly number[] }>

/** Who leads the partitions of a topic at present, and who is in sync. */
export async function places(brokers: string, topic: string): Promise<readonly Place[]> {
  const admin = client(brokers).admin()
  try {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return (topics[0]?.partitions ?? []).map(({ leader, isr }) => ({ leader, inSync: isr }))
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

/** Resolves with the instant at which the brokers name another leader for each partition than the one that is lost. */
export async function leadersMoved(brokers: string, topic: string, lost: number, limitMs: number): Promise<number> {
  const others = async (): Promise<boolean> => {
    const known = await places(brokers, topic).catch(() => [])
    return known.length > 0 && known.every(({ leader }) => leader >= 0 && leader !== lost)
  }
  return await until('the leaders to move', limitMs, others).then(now, () => Infinity)
}
