import { suite, test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { members } from '../../tools/kafka/wire.ts'
import { isFree } from '../../tools/kafka/ports.ts'
import { fresh, useOwnKafka, withoutKafka } from '../help/kafka.ts'

const user = { username: 'sluice', password: 'a-password' }

suite('a broker of the tests', () => {
  const kafka = useOwnKafka({ sasl: user, tls: 'mutual' })

  /** Connects and says how many brokers there are. */
  async function count(config: KafkaConfig): Promise<number> {
    const retry = { retries: 0 }
    const admin = new kafkajs.Kafka({ ...config, retry, logLevel: kafkajs.logLevel.NOTHING }).admin({ retry })
    try {
      await admin.connect()
      return (await admin.describeCluster()).brokers.length
    } finally {
      await admin.disconnect()
    }
  }
  const pem = (file: string): string => readFileSync(file, 'utf8')

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const)
    test(
      `it lets its user in by ${mechanism}, with and without TLS, and nobody else`,
      { skip: kafka.skip },
      async () => {
        const { addresses, files } = kafka.cluster
        const sasl = { mechanism, ...user } as SASLOptions
        const ssl = { ca: pem(files!.caFile) }
        equal(await count({ brokers: [addresses.SASL_PLAINTEXT], sasl }), 1)
        equal(await count({ brokers: [addresses.SASL_SSL], sasl, ssl }), 1)
        const wrong = { mechanism, ...user, password: 'another' } as SASLOptions
        await rejects(count({ brokers: [addresses.SASL_PLAINTEXT], sasl: wrong }), /SASL|[Aa]uthentication/)
      },
    )

  test('its TLS is known by its own authority only, and asks for a certificate', { skip: kafka.skip }, async () => {
    const { addresses, files } = kafka.cluster
    const ca = pem(files!.caFile)
    const brokers = [addresses.SSL]
    equal(await count({ brokers, ssl: { ca, cert: pem(files!.certFile), key: pem(files!.keyFile) } }), 1)
    await rejects(count({ brokers, ssl: true }), /certificate/)
    await rejects(count({ brokers, ssl: { ca } }))
  })

  test('killed, it comes back on its port with its data', { skip: kafka.skip }, async () => {
    const [node] = kafka.cluster.nodes
    const client = new kafkajs.Kafka({ brokers: [kafka.brokers], logLevel: kafkajs.logLevel.NOTHING })
    const topic = fresh('kept')
    const admin = client.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }] })
    await admin.disconnect()
    const { pid } = node!
    await node!.kill9()
    equal(node!.pid, null)
    equal(await members('127.0.0.1', node!.port), null)
    await node!.restart()
    equal(pid === node!.pid, false)
    const again = client.admin()
    await again.connect()
    equal((await again.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length, 3)
    await again.disconnect()
  })

  test('frozen, it accepts connections and answers nothing, until it goes on', { skip: kafka.skip }, async () => {
    const [node] = kafka.cluster.nodes
    await node!.stop()
    equal(await members('127.0.0.1', node!.port, 300), null)
    node!.cont()
    deepEqual(await members('127.0.0.1', node!.port, 5_000), [1])
  })
})

suite('npm run kafka', () => {
  const skip = withoutKafka()

  for (const signal of ['SIGKILL', 'SIGTERM'] as const)
    test(`ended by ${signal}, it leaves no process and no data behind`, { skip, timeout: 90_000 }, async () => {
      const child = spawn(process.execPath, ['tools/kafka/main.ts'], { stdio: ['ignore', 'pipe', 'inherit'] })
      let printed = ''
      for await (const line of createInterface(child.stdout)) if ((printed += `${line}\n`).includes('Ctrl-C')) break
      const port = Number(/KAFKA_BROKERS=127\.0\.0\.1:(\d+)/.exec(printed)?.[1])
      const folder = /data (\S+)/.exec(printed)?.[1] ?? ''
      deepEqual(await members('127.0.0.1', port), [1])
      equal(existsSync(folder), true)
      child.kill(signal)
      const [code] = await once(child, 'exit')
      equal(code, signal === 'SIGTERM' ? 0 : null)
      const left = async (): Promise<boolean> => existsSync(folder) || !(await isFree(port))
      for (let i = 0; i < 100 && (await left()); i++) await sleep(50)
      equal(await left(), false)
    })
})
