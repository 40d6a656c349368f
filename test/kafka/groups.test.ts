import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { classPath, java } from '../../tools/kafka/java.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()

for (const [protocol, tool, own] of [
  [
    'classic',
    'ConsoleConsumer',
    ['group.protocol=classic', 'auto.commit.interval.ms=200', 'auto.offset.reset=earliest'],
  ],
  [
    'consumer',
    'ConsoleConsumer',
    ['group.protocol=consumer', 'auto.commit.interval.ms=200', 'auto.offset.reset=earliest'],
  ],
  ['share', 'ConsoleShareConsumer', []],
] as const)
  test(
    `the members of a ${protocol} group of Java clients are seen, and what they have done`,
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
      const publish = (): Promise<unknown> => broker.publish({ topic, partition: 0, acks: 'all', ...value })
      if (protocol !== 'share') await publish()
      const consumer = spawn(
        java,
        ['-Xmx256m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', classPath]
          .concat(`org.apache.kafka.tools.consumer.${tool}`, '--bootstrap-server', kafka.brokers)
          .concat('--topic', topic, '--group', group)
          .concat(own.flatMap(one => ['--command-property', one])),
        { stdio: ['ignore', 'ignore', 'inherit'] },
      )
      const ended = once(consumer, 'exit')
      t.after(async () => {
        consumer.kill('SIGKILL')
        await ended
      })
      if (protocol === 'share') {
        await until(
          'it serves',
          async () => (await look())?.members === 1 && (await look())?.rebalancing === false,
          30_000,
        )
        const work = setInterval(() => void publish(), 500) // it begins at the end, some time after it was assigned
        t.after(() => clearInterval(work))
        await until('it has done something', async () => ((await look())?.committed[0] ?? -1n) > 0n, 30_000)
        clearInterval(work)
        await until('it has done all', async () => (await look())?.committed[0] === (await look())?.ends[0], 30_000)
        deepEqual((await look())?.members, 1)
      } else {
        await until('it has committed', async () => ((await look())?.committed[0] ?? -1n) > 0n, 30_000)
        deepEqual(await look(), { members: 1, rebalancing: false, committed: [1n], ends: [1n] })
      }
      consumer.kill('SIGTERM') // it leaves the group
      await until('it has left', async () => (await look())?.members === 0, 30_000)
      deepEqual((await look())?.rebalancing, false)
    },
  )
