import { test } from 'node:test'
import { deepEqual, match } from 'node:assert/strict'
import { fresh, useKafka } from '../help/kafka.ts'
import { freshTopics, gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()

test(
  'a topic that does not keep what a route promises is named in /readyz?verbose, with the command',
  { skip: kafka.skip },
  async t => {
    const topics = freshTopics()
    const group = fresh('billing')
    const broker = await kafkaBroker(t, kafka.brokers)
    const config = { 'retention.ms': '3600000', 'cleanup.policy': 'compact' }
    await broker.admin.create([{ name: topics.signals, partitions: 1, replication: 1, config }])
    const route = { event: { topic: topics.signals, groups: [group] }, delivery: 'consumable' }
    const { admin } = await gatewayOnKafka(t, kafka.brokers, { routes: { signal: route } }, { topics })
    const lines = await until('both are found', async () => {
      const { reasons } = await admin.ready()
      const found = reasons.filter(reason => reason.startsWith('routes.signal is consumable'))
      return found.length === 2 ? found : null
    })
    match(lines[0] ?? '', /is compacted: .* kafka-configs\.sh .* --add-config cleanup\.policy=delete$/)
    match(lines[1] ?? '', new RegExp(`the group ${group} has read nothing of ${topics.signals} yet`))
    const keeping = (await broker.admin.topic(topics.signals))?.keeping
    deepEqual(keeping, {
      retentionMs: 3_600_000,
      cleanupPolicy: 'compact',
      minInsyncReplicas: 1,
      replication: 1,
      brokers: 1,
    })
  },
)
