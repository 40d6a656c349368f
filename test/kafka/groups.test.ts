import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { classPath, java } from '../../tools/kafka/java.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()

for (const protocol of ['classic', 'consumer'])
  test(
    `the members and commits of a Java client with group.protocol=${protocol} are seen`,
    {
      skip: kafka.skip,
      timeout: 60_000,
    },
    async t => {
      const topic = fresh('commands')
      const group = fresh('orders')
      const broker = await kafkaBroker(t, kafka.brokers)
      await broker.admin.create([{ name: topic, partitions: 1, replication: 1, config: {} }])
      const look = async () => await broker.admin.group(group, topic).catch(() => null)
      await until('the topic is known', async () => (await look())?.members === 0)
      const value = { value: Buffer.from('x'), key: null, headers: [], signal: new AbortController().signal }
      await broker.publish({ topic, partition: 0, acks: 'all', ...value })
      const properties = [`group.protocol=${protocol}`, 'auto.commit.interval.ms=200', 'auto.offset.reset=earliest']
      const consumer = spawn(
        java,
        ['-Xmx256m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classPath]
          .concat('org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', kafka.brokers)
          .concat('--topic', topic, '--group', group)
          .concat(properties.flatMap(one => ['--command-property', one])),
        { stdio: ['ignore', 'ignore', 'inherit'] },
      )
      const ended = once(consumer, 'exit')
      t.after(async () => {
        consumer.kill('SIGKILL')
        await ended
      })
      await until('it has committed', async () => ((await look())?.committed[0] ?? -1n) > 0n, 30_000)
      deepEqual(await look(), { members: 1, rebalancing: false, committed: [1n], ends: [1n] })
      consumer.kill('SIGTERM') // it leaves the group
      await until('it has left', async () => (await look())?.members === 0, 30_000)
      deepEqual(await look(), { members: 0, rebalancing: false, committed: [1n], ends: [1n] })
    },
  )
