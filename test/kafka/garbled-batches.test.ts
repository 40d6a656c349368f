import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Headers } from '../../src/bridge/broker.ts'
import { crc32c } from '../../src/bridge/kafka/crc32c.ts'
import { batchOverhead } from '../../src/bridge/kafka/records.ts'
import { aBatch, aBomb, compressed, produce } from '../help/batches.ts'
import { anOrder } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import type { Taken } from '../help/hand.ts'
import { startJavaWorker } from '../help/java.ts'
import type { Compression } from '../help/java.ts'
import { useOwnKafka } from '../help/kafka.ts'
import { gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'
import type { OnKafka, Topics } from '../help/onkafka.ts'
import { KafkaProxy } from '../../src/lab/proxy.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const kafka = useOwnKafka() // its files are written to below
const { skip } = kafka

/** The file that holds the replies of a gateway, and the batches in it by what a value says. */
function logOf({ replies }: Topics, partition: number) {
  const file = join(kafka.cluster.nodes[0]!.path, `${replies}-${partition}`, `${'0'.repeat(20)}.log`)
  const read = (): { at: number; batch: Buffer }[] => {
    const bytes = readFileSync(file)
    const found: { at: number; batch: Buffer }[] = []
    for (let at = 0; at + batchOverhead <= bytes.length;) {
      const size = 12 + bytes.readInt32BE(at + 8)
      if (size <= 12) break // the file is longer than what is written
      found.push({ at, batch: bytes.subarray(at, at + size) })
      at += size
    }
    return found
  }
  const overwrite = (at: number, bytes: Uint8Array): void => {
    const handle = openSync(file, 'r+')
    writeSync(handle, bytes, 0, bytes.length, at)
    closeSync(handle)
  }
  return { read, overwrite }
}

const codecOf = (batch: Buffer): number => batch.readInt16BE(21) & 7

async function withProxy(t: Scope) {
  const proxy = await KafkaProxy.open(kafka.brokers)
  t.after(() => proxy.close())
  const opened = await gatewayOnKafka(t, proxy.address, { routes: { 'place-order': { timeoutMs: 20_000 } } })
  const { commands, replies } = opened.topics
  const worker = await handWorker(t, await kafkaBroker(t, kafka.brokers, [commands, replies]), commands)
  return { ...opened, proxy, worker }
}

const placeOf = (command: Taken): number => Number(command.header('sluice-reply-partition'))
const replyTo = (command: Taken): Headers => [
  ['sluice-correlation-id', command.raw('sluice-correlation-id')],
  ['sluice-status', Buffer.from('201')],
]
const skipped = async ({ admin }: OnKafka): Promise<number> =>
  (await admin.metrics()).sum('sluice_reader_events_total', { kind: 'skipped' })

for (const [codec, compression] of (['none', 'gzip', 'snappy', 'lz4', 'zstd'] satisfies Compression[]).entries())
  test(`a worker in Java whose answers are compressed with ${compression} is understood`, { skip }, async t => {
    const { ask, topics } = await gatewayOnKafka(t, kafka.brokers, {
      broker: { publish: { attemptMs: 5_000 } }, // a Java machine starts beside the broker
      routes: { 'place-order': { timeoutMs: 20_000 } },
    })
    const worker = await startJavaWorker({
      brokers: kafka.brokers,
      topic: topics.commands,
      group: topics.commands,
      compression,
    })
    t.after(() => worker[Symbol.asyncDispose]())
    const orders = Array.from({ length: 50 }, (_, i) => ({ orderId: `o-${i}`, note: 'äöü '.repeat(500) }))
    const answers = await Promise.all(orders.map(order => ask('/orders', { body: order })))
    deepEqual(
      answers.map(({ status, json }) => [status, json]),
      orders.map(order => [201, order]),
    )
    equal((await ask('/orders/nobody')).status, 404)
    const partition = (await (await kafkaBroker(t, kafka.brokers)).admin.ends(topics.replies)).findIndex(
      end => end > 0n,
    )
    const codecs = logOf(topics, partition)
      .read()
      .map(({ batch }) => codecOf(batch))
    ok(codecs.includes(codec), `the batches have the codecs ${codecs.join()}`)
  })

test('a bomb of 512 MiB in the reply topic is counted and passed, and costs no memory', { skip }, async t => {
  const opened = await withProxy(t)
  const { ask, topics, worker } = opened
  const bomb = await aBomb(512 * 1_048_576)
  ok(bomb.length < 1_000_000, `${bomb.length} bytes`)
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  const before = process.memoryUsage().rss
  await produce(kafka.brokers, topics.replies, placeOf(command), bomb)
  await until('it is counted', async () => (await skipped(opened)) === 1)
  const grown = (process.memoryUsage().rss - before) / 1_048_576
  ok(grown < 200, `${grown} MiB more`)
  await command.reply({ status: 201 })
  equal((await asked).status, 201)
})

for (const [what, ruin] of [
  ['a wrong checksum', (batch: Buffer) => void batch.fill(0, batch.length - 20)],
  [
    'a right checksum over broken compression',
    (batch: Buffer) => {
      batch.fill(0xaa, batchOverhead + 4)
      batch.writeUInt32BE(crc32c(batch, 21), 17)
    },
  ],
  [
    'a compression that there is not',
    (batch: Buffer) => {
      batch.writeInt16BE(7, 21)
      batch.writeUInt32BE(crc32c(batch, 21), 17)
    },
  ],
] as const)
  test(`a batch with ${what} is counted and passed, and those around it are read`, { skip }, async t => {
    const opened = await withProxy(t)
    const { ask, topics, worker, proxy } = opened
    const asked = [1, 2, 3].map(amount => ask('/orders', { body: { ...anOrder, amount } }))
    const commands = [await worker.next(), await worker.next(), await worker.next()]
    commands.sort((a, b) => a.body.localeCompare(b.body)) // three connections: nobody knows who was first
    const partition = placeOf(commands[0]!)
    proxy.refuse('fetch') // the broker takes no broken batch: it is broken on its disk, before it is read
    for (const command of commands) {
      const batch = compressed(aBatch(Buffer.from(command.body), replyTo(command)))
      await produce(kafka.brokers, topics.replies, partition, batch)
    }
    const { read, overwrite } = logOf(topics, partition)
    const [, second] = read()
    const broken = Buffer.from(second!.batch)
    ruin(broken)
    overwrite(second!.at, broken)
    proxy.heal()
    const first = await Promise.all([asked[0]!, asked[2]!])
    deepEqual(
      first.map(({ status, json }) => [status, json['amount']]),
      [
        [201, 1],
        [201, 3],
      ],
    )
    equal(await skipped(opened), 1)
    await commands[1]!.reply({ status: 201 })
    equal((await asked[1]!).status, 201)
  })
