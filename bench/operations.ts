// npm run bench:operations: how long an instance takes to read 100,000 operations from a real broker and what they weigh, and what an
// Idempotency-Key costs a command: beside each other in one run, against a gateway and a worker in processes of their own.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Config } from '../config/schema/index.ts'
import { KafkaBroker } from '../src/bridge/kafka/kafka.ts'
import { newId, write } from '../src/bridge/operations/event.ts'
import type { Accepted } from '../src/bridge/operations/event.ts'
import { Operations } from '../src/bridge/operations/index.ts'
import { partitionOf } from '../src/bridge/partition.ts'
import { startKafka } from '../tools/kafka/cluster.ts'

const count = 100_000
const limits = { seconds: 10, mb: 150, p50: 2.2, throughput: 0.6 }
const partitions = 12
const [what, brokers = '', topic = ''] = process.argv.slice(2)

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
  const operations = new Operations(
    { broker, publish: record => broker.publish(record) },
    { topic, entries: 10 * count, bytes: 1_000_000_000 },
  )
  await operations.open(partitions)
  const seconds = (performance.now() - begun) / 1_000
  const after = await memory()
  const [weight, rss] = [mb(after.held - before.held), mb(after.rss - before.rss)]
  console.log(
    `${operations.view.size} operations in ${seconds.toFixed(1)} s (limit ${limits.seconds}), ${weight} MB more alive (limit ${limits.mb}), ${rss} MB more resident`,
  )
  process.exit(operations.view.size === count && seconds < limits.seconds && weight < limits.mb ? 0 : 1)
}
if (what === 'worker') {
  const { serve } = await import('../src/worker/index.ts')
  await serve({ brokers, topic, group: 'bench', concurrency: 1_000 }, () => ({ status: 201, body: { done: true } }))
  process.send?.('ready')
  await new Promise(() => {})
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

/** Requests on so many connections for so long; the median of their times, and how many a second. */
async function load(url: string, connections: number, forMs: number, keyed: boolean) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const times: number[] = []
  const end = performance.now() + forMs
  let key = 0
  const run = `${Date.now()}-${Math.random()}`
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const begun = performance.now()
      const headers = { 'content-type': 'application/json', ...(keyed && { 'idempotency-key': `"${run}-${key++}"` }) }
      const req = request(`${url}/${keyed ? 'keyed' : 'plain'}`, { agent, method: 'POST', headers }).end('{"a":1}')
      const [res] = await once(req, 'response')
      if (res.statusCode !== 201) throw new Error(`status ${res.statusCode}`)
      res.resume()
      await once(res, 'end')
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  agent.destroy()
  times.sort((a, b) => a - b)
  return { p50: times[times.length >> 1] ?? NaN, perSecond: (times.length * 1_000) / forMs }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const kafka = await startKafka({ progress: line => console.error(line) })
let failed = false
const children: ChildProcess[] = []
try {
  const broker = await connected(kafka.brokers, [])
  await broker.admin.create([
    { name: 'operations', partitions, replication: -1, config: { 'cleanup.policy': 'compact' } },
    { name: 'bench.commands', partitions, replication: -1, config: {} },
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
  const args = ['--expose-gc', import.meta.filename, 'rebuild', kafka.brokers, 'operations']
  failed ||= spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0
  await broker[Symbol.asyncDispose]()

  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
log: { requests: false }
overload: { mode: 'off' }
broker: { brokers: '${kafka.brokers}' }
workers: { bench: { topic: bench.commands, bulkhead: { limit: fixed, slots: 1000 } } }
routes:
  plain: { match: POST /plain, command: { to: bench } }
  keyed: { match: POST /keyed, command: { to: bench }, idempotency: { key: required } }
`,
  )
  const worker = spawn(process.execPath, [import.meta.filename, 'worker', kafka.brokers, 'bench.commands'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(worker)
  await once(worker, 'message')
  const gateway = spawn(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts'), 'start', file])
  children.push(gateway)
  let said = ''
  gateway.stdout.setEncoding('utf8').on('data', chunk => (said += chunk))
  while (!said.includes('listening')) await wait(50)
  const [, address, admin] = /"detail":"([^,"]+), admin ([^"]+)"/.exec(said) ?? []
  const isReady = async (): Promise<boolean> => (await fetch(`http://${admin}/readyz`).catch(() => null))?.ok === true
  while (!(await isReady())) await wait(100)
  for (const [connections, forMs] of [
    [1, 2_000],
    [256, 4_000],
  ] as const) {
    const plain: Awaited<ReturnType<typeof load>>[] = []
    const keyed: Awaited<ReturnType<typeof load>>[] = []
    for (let round = 0; round < 5; round++) {
      plain.push(await load(`http://${address}`, connections, forMs, false))
      keyed.push(await load(`http://${address}`, connections, forMs, true))
    }
    const p50 = median(keyed.map((one, i) => one.p50 / (plain[i]?.p50 ?? NaN)))
    const rate = median(keyed.map((one, i) => one.perSecond / (plain[i]?.perSecond ?? NaN)))
    const told = (all: typeof plain): string =>
      `p50 ${median(all.map(one => one.p50)).toFixed(2)} ms, ${Math.round(median(all.map(one => one.perSecond)))}/s`
    console.log(`${connections} connections: plain ${told(plain)}; with a key ${told(keyed)}`)
    if (connections === 1) {
      console.log(`  p50 ratio ${p50.toFixed(2)} (limit ${limits.p50})`)
      failed ||= p50 > limits.p50
    } else {
      console.log(`  throughput ratio ${rate.toFixed(2)} (limit ${limits.throughput})`)
      failed ||= rate < limits.throughput
    }
  }
} finally {
  for (const child of children) child.kill('SIGKILL')
  await kafka.close()
  rmSync(folder, { recursive: true })
}
process.exit(failed ? 1 : 0)
