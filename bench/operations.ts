// npm run bench:operations: how long an instance takes to read 100,000 operations from a real broker and what they weigh, and what an
// Idempotency-Key costs a command: beside each other in one run, against a gateway and a worker in processes of their own.
// OPERATIONS=1000000 reads a million with a file for those that are too many for memory, and nothing else.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Config } from '../config/schema/index.ts'
import { KafkaBroker } from '../src/bridge/kafka/kafka.ts'
import { newId, write } from '../src/bridge/operations/event.ts'
import type { Accepted } from '../src/bridge/operations/event.ts'
import { Operations } from '../src/bridge/operations/index.ts'
import type { Interned } from '../src/bridge/operations/index.ts'
import { Overflow } from '../src/bridge/operations/overflow.ts'
import { partitionOf } from '../src/bridge/partition.ts'
import { startKafka } from '../tools/kafka/cluster.ts'
import { keyed } from './keyed.ts'

const usual = 100_000
const count = Number(process.env['OPERATIONS'] ?? usual)
const limits = { seconds: (10 * count) / usual, mb: 150 } // the memory is the same for any number
const partitions = 12
const [what, brokers = '', topic = '', file = ''] = process.argv.slice(2)

async function connected(addresses: string, topics: readonly string[]): Promise<KafkaBroker> {
  const broker = new KafkaBroker(Config.parse({ routes: {}, broker: { brokers: addresses } }).broker)
  broker.start(topics)
  while (broker.state !== 'ready') await wait(20)
  return broker
}

const mb = (bytes: number): number => Math.round(bytes / 1_048_576)
/** What is alive in the process, and what is resident: pages that are free again count there until somebody wants them. */
const memory = async (): Promise<Readonly<{ held: number; rss: number }>> => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await wait(500)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { held: heapUsed + external, rss }
}

if (what === 'rebuild') {
  const broker = await connected(brokers, [topic])
  const before = await memory()
  const begun = performance.now()
  const overflow = count > usual ? (interned: Interned) => new Overflow(file, interned) : null
  const room =
    overflow === null ? { entries: 10 * count, bytes: 1_000_000_000 } : { entries: usual, bytes: 134_217_728 }
  const operations = new Operations({ broker, publish: record => broker.publish(record) }, { topic, ...room, overflow })
  await operations.open(partitions)
  const seconds = (performance.now() - begun) / 1_000
  const after = await memory()
  const [weight, rss] = [mb(after.held - before.held), mb(after.rss - before.rss)]
  console.log(
    `${operations.view.size} operations in ${seconds.toFixed(1)} s (limit ${limits.seconds}), ${weight} MB more alive (limit ${limits.mb}), ${rss} MB more resident`,
  )
  process.exit(operations.view.size === count && seconds < limits.seconds && weight < limits.mb ? 0 : 1)
}
const signal = new AbortController().signal

async function fill(broker: KafkaBroker): Promise<void> {
  const accepted: Accepted = {
    kind: 'accepted',
    client: '192.0.2.1',
    route: 'make-report',
    worker: 'reports',
    command: '01234567-89ab-cdef-0123-456789abcdef',
    secret: 'x'.repeat(22),
    by: 'y'.repeat(22),
    at: Date.now(),
    expires: Date.now() + 3_600_000,
    keepMs: 86_400_000,
    target: { topic: 'reports.commands', partition: 3, key: null },
    holds: null,
  }
  const reply = {
    status: 201,
    headers: [['content-type', 'application/json']],
    body: Buffer.from('{"done":true}'),
  } as const
  for (let at = 0; at < count; at += 1_000) {
    const all = Array.from({ length: 1_000 }, async () => {
      const id = newId()
      for (const event of [accepted, { kind: 'completed', reply, at: Date.now(), lateMs: 0 } as const]) {
        const { key, value, headers } = write(id, event)
        const place = { topic: 'operations', partition: partitionOf(Buffer.from(id), partitions) }
        await broker.publish({ ...place, key: Buffer.from(key), value, headers, acks: 'all', signal })
      }
    })
    await Promise.all(all)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const kafka = await startKafka({ progress: line => console.error(line) })
let failed = false
try {
  const broker = await connected(kafka.brokers, [])
  await broker.admin.create([
    { name: 'operations', partitions, replication: -1, config: { 'cleanup.policy': 'compact' } },
  ])
  await broker.admin.topic('operations')
  for (let partition = 0; partition < partitions;)
    try {
      const mark = { topic: 'operations', partition, key: Buffer.from('mark'), value: null, headers: [] }
      await broker.publish({ ...mark, acks: 'all', signal })
      partition++
    } catch {
      await wait(50) // its leader is still being chosen
    }
  await fill(broker)
  const args = ['--expose-gc', import.meta.filename, 'rebuild', kafka.brokers, 'operations', join(folder, 'overflow')]
  failed ||= spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0
  await broker[Symbol.asyncDispose]()

  if (count === usual) failed = (await keyed(kafka.brokers, folder)) || failed
} finally {
  await kafka.close()
  rmSync(folder, { recursive: true })
}
process.exit(failed ? 1 : 0)
