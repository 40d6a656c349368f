import kafkajs from 'kafkajs'
import type { KafkaJSProtocolError } from 'kafkajs'
import { Problem } from '../../problem.ts'
import type { Admin, Keeping, NewTopic, TopicInfo } from '../admin.ts'
import type { Access } from './access.ts'
import { withAdmin } from './client.ts'

const described = ['max.message.bytes', 'cleanup.policy', 'retention.ms', 'min.insync.replicas'] as const
const defaultMaxMessageBytes = 1_048_588

/** kafkajs says what went wrong in `type`; a failed creation hides it one level deeper. */
function typeOf(error: unknown): string {
  const nested = error instanceof kafkajs.KafkaJSAggregateError ? error.errors[0] : error
  return (nested as Partial<KafkaJSProtocolError> | undefined)?.type ?? ''
}

function problemOf(error: unknown, topic: string): Problem {
  const said = error instanceof Error ? error.message : String(error)
  return /AUTHORIZATION/.test(typeOf(error))
    ? new Problem('topic-forbidden', `No permission: ${topic}: ${said}`, { cause: error })
    : new Problem('broker-unavailable', `${topic}: ${said}`, { cause: error })
}

/** What is asked rarely, each time on a connection of its own; `groups.ts` is for what is asked every second. */
export function kafkaAdmin(access: Access): Omit<Admin, 'group'> {
  return {
    topic: name =>
      withAdmin(access, async (admin): Promise<TopicInfo | null> => {
        try {
          const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
          const partitions = topics[0]?.partitions.length ?? 0
          const { resources } = await admin
            .describeConfigs({
              includeSynonyms: false,
              resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: [...described] }],
            })
            .catch(() => ({ resources: [] })) // needs a permission of its own; Kafka's default is a fair guess
          const set = (option: string): string | undefined =>
            resources[0]?.configEntries.find(entry => entry.configName === option)?.configValue
          const maxMessageBytes = Number(set('max.message.bytes') ?? defaultMaxMessageBytes) || defaultMaxMessageBytes
          const cleanupPolicy = set('cleanup.policy')
          const compacted = cleanupPolicy?.includes('compact') === true
          const known = { name, partitions, maxMessageBytes, ...(compacted && { compacted }) }
          if (cleanupPolicy === undefined) return known
          const { brokers } = await admin.describeCluster()
          const replicas = topics[0]?.partitions.map(partition => partition.replicas.length) ?? []
          const keeping: Keeping = {
            cleanupPolicy,
            retentionMs: Number(set('retention.ms') ?? -1),
            minInsyncReplicas: Number(set('min.insync.replicas') ?? 1),
            replication: Math.min(...replicas),
            brokers: brokers.length,
          }
          return { ...known, keeping }
        } catch (error) {
          if (typeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return null
          throw problemOf(error, name)
        }
      }),
    create: topics =>
      withAdmin(access, async admin => {
        for (const topic of topics) await create(admin, topic)
      }),
    ends: topic =>
      withAdmin(access, async admin => {
        const offsets = await admin.fetchTopicOffsets(topic).catch((error: unknown) => {
          throw problemOf(error, topic)
        })
        return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => BigInt(high))
      }),
  }
}

async function create(
  admin: ReturnType<ReturnType<typeof import('./client.ts').client>['admin']>,
  topic: NewTopic,
): Promise<void> {
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        {
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor: topic.replication,
          configEntries: Object.entries(topic.config).map(([name, value]) => ({ name, value })),
        },
      ],
    })
  } catch (error) {
    if (typeOf(error) !== 'TOPIC_ALREADY_EXISTS') throw problemOf(error, topic.name)
  }
}
