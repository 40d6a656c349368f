import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { Needs, TopicNeed } from '../../bridge/needs.ts'
import type { Cluster } from './cluster.ts'

const apiVersion = 'kafka.strimzi.io/v1' // the only one since Strimzi 1.0

const resourceName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
const longest = 253

/** Whether Kubernetes takes it as the name of a resource (a DNS subdomain, RFC 1123). */
export const isResourceName = (name: string): boolean => name.length <= longest && resourceName.test(name)

/** A name for the resource of a topic: its own where that will do, else one like it, with a hash so that no two are alike. */
export function resourceNameOf(topic: string): string {
  if (isResourceName(topic)) return topic
  const hash = createHash('sha256').update(topic).digest('hex').slice(0, 8)
  const like = topic
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/-*\.[.-]*/g, '.')
    .slice(0, longest - 10)
    .replaceAll(/^[.-]+|[.-]+$/g, '')
  return like === '' ? `topic-${hash}` : `${like}-${hash}`
}

/** KafkaTopic and KafkaUser resources: Strimzi's operators make the topics, the user with its password or certificate, and its ACLs. */
export function strimzi(needs: Needs, cluster: Cluster): string {
  const { topics, notes } = needs
  const resources = [...topics.map(topic => topicOf(topic, cluster)), userOf(needs, cluster)]
  const head = ['Written by `sluice topics --as strimzi` from the configuration.', ...notes].map(line => `# ${line}\n`)
  return `${head.join('')}${resources.map(one => stringify(one, { lineWidth: 0 })).join('---\n')}`.trimEnd()
}

const metadataOf = (name: string, { strimzi: { cluster, namespace } }: Cluster) => ({
  name,
  ...(namespace !== undefined && { namespace }),
  labels: { 'strimzi.io/cluster': cluster },
})

function topicOf({ name, partitions, replication, config }: TopicNeed, cluster: Cluster) {
  const metadata = metadataOf(resourceNameOf(name), cluster)
  const values = Object.entries(config).map(([option, value]) => [
    option,
    /^-?\d+$/.test(value) ? Number(value) : value,
  ])
  return {
    apiVersion,
    kind: 'KafkaTopic',
    metadata,
    spec: {
      ...(metadata.name !== name && { topicName: name }),
      ...(partitions > 0 && { partitions }),
      replicas: replication,
      config: Object.fromEntries(values) as Readonly<Record<string, string | number>>,
    },
  }
}

function userOf({ topics, groups }: Needs, cluster: Cluster) {
  const { user, authentication } = cluster.strimzi
  const rule = (type: 'topic' | 'group', { name, operations }: Needs['groups'][number]) => ({
    resource: { type, name, patternType: 'literal' },
    operations,
  })
  return {
    apiVersion,
    kind: 'KafkaUser',
    metadata: metadataOf(user, cluster),
    spec: {
      authentication: { type: authentication },
      authorization: {
        type: 'simple',
        acls: [
          ...topics.map(topic => rule('topic', topic)),
          ...groups.map(group => rule('group', group)),
          ...(cluster.idempotentWrite ? [{ resource: { type: 'cluster' }, operations: ['IdempotentWrite'] }] : []),
        ],
      },
    },
  }
}
