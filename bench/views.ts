// npm run bench:views: how long a gateway takes to read a view of a million keys from a real broker and what it weighs, and how many
// values by key it answers beside a bare node:http server that has the same answers in a Map: in alternating rounds of one run.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../tools/kafka/cluster.ts'
import { freePort, pass, Running } from './process.ts'

const keys = Number(process.env['KEYS'] ?? 1_000_000)
const rounds = Number(process.env['ROUNDS'] ?? 5)
const connections = 256
const [warmMs, measureMs] = [1_500, 4_000] as const
const limits = { rebuildSeconds: 60, ratio: 0.6, memoryMb: Number(process.env['MEMORY_MB'] ?? 1_024) }
const topic = 'bench.views'
const filler = 'x'.repeat(100)
const valueOf = (n: number): string => JSON.stringify({ n, state: 'paid', filler })

type Pairs = readonly (readonly [string, string])[]

/** The same answers without a gateway. */
async function bare(port: number, headers: Pairs): Promise<void> {
  const values = new Map<string, Buffer>(Array.from({ length: keys }, (_, n) => [`k${n}`, Buffer.from(valueOf(n))]))
  const head = headers.flat()
  const server = createServer((req, res) => {
    const value = values.get((req.url ?? '').slice('/values/'.length))
    if (value === undefined) res.writeHead(404).end()
    else res.writeHead(200, [...head, 'Content-Length', String(value.length)]).end(value)
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  process.once('SIGTERM', () => process.exit(0))
}

/** One connection that asks for one key after another, and throws at any answer that is not the key's. */
class Client {
  readonly #socket: Socket
  readonly #answered: () => void
  #text = ''
  #n = 0

  constructor(port: number, answered: () => void) {
    this.#answered = answered
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', text => this.#read(String(text)))
    this.#ask()
  }

  #ask(): void {
    this.#n = Math.floor(Math.random() * keys)
    this.#socket.write(`GET /values/k${this.#n} HTTP/1.1\r\nHost: bench\r\n\r\n`)
  }

  #read(text: string): void {
    this.#text += text
    const value = valueOf(this.#n)
    const end = this.#text.indexOf('\r\n\r\n')
    if (end === -1 || this.#text.length < end + 4 + value.length) return
    if (!this.#text.startsWith('HTTP/1.1 200 ') || this.#text.slice(end + 4) !== value)
      throw new Error(`Asked for k${this.#n}, answered:\n${this.#text}`)
    this.#text = ''
    this.#answered()
    this.#ask()
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Answers a second. */
async function load(port: number): Promise<number> {
  let answered = 0
  const clients = Array.from({ length: connections }, () => new Client(port, () => answered++))
  await pass(warmMs)
  const [before, begun] = [answered, performance.now()]
  await pass(measureMs)
  const perSecond = ((answered - before) * 1_000) / (performance.now() - begun)
  for (const client of clients) client.close()
  return perSecond
}

async function fill(brokers: string): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
  const made = { topic, numPartitions: 12, replicationFactor: 1, configEntries }
  await admin.createTopics({ waitForLeaders: true, topics: [made] })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  const batch = 5_000
  for (let at = 0; at < keys; at += batch) {
    const messages = Array.from({ length: Math.min(batch, keys - at) }, (_, n) => ({
      key: `k${at + n}`,
      value: valueOf(at + n),
    }))
    await producer.send({ topic, messages })
  }
  await producer.disconnect()
}

/** The headers of an answer but for those that node:http writes by itself. */
async function headersOf(url: string): Promise<Pairs | null> {
  const answer = await fetch(url).catch(() => null)
  await answer?.arrayBuffer()
  if (answer?.status !== 200) return null
  return [...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive', 'content-length'].includes(name))
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

async function main(): Promise<void> {
  process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so
  await using cluster = await startKafka({ progress: text => console.log(text) })
  console.log(`Writing ${keys} keys …`)
  await fill(cluster.brokers)

  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const file = join(folder, 'gateway.yaml')
  const ports = { sluice: await freePort(), bare: await freePort() }
  const view = { topic, key: 'path.id', memoryBytes: limits.memoryMb * 1_048_576 }
  const config = {
    server: { host: '127.0.0.1', port: ports.sluice },
    admin: { port: await freePort() },
    broker: { brokers: cluster.brokers },
    log: { level: 'silent' },
    routes: { value: { match: 'GET /values/:id', view } },
  }
  writeFileSync(file, JSON.stringify(config)) // which is YAML too
  const begun = performance.now()
  const sluice = new Running('sluice', ['src/main.ts', 'start', file])
  let headers: Pairs | null = null
  while (headers === null && performance.now() - begun < 4 * limits.rebuildSeconds * 1_000) {
    sluice.expectAlive()
    await pass(100)
    headers = await headersOf(`http://127.0.0.1:${ports.sluice}/values/k0`)
  }
  if (headers === null) throw new Error('The view has never been ready.')
  const seconds = (performance.now() - begun) / 1_000
  console.log(
    `Rebuilt in ${seconds.toFixed(1)} s from the start of the process; ${sluice.memoryMb().toFixed(0)} MB resident.`,
  )

  const other = new Running('bare', ['bench/views.ts', 'bare', String(ports.bare), JSON.stringify(headers)])
  while ((await headersOf(`http://127.0.0.1:${ports.bare}/values/k0`)) === null) await pass(100)
  const found = { sluice: [] as number[], bare: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? (['sluice', 'bare'] as const) : (['bare', 'sluice'] as const))
      found[name].push(await load(ports[name]))
    console.log(
      `Round ${round + 1}: Sluice ${found.sluice.at(-1)?.toFixed(0)}/s, bare ${found.bare.at(-1)?.toFixed(0)}/s`,
    )
  }
  await Promise.all([sluice.stop(), other.stop()])
  rmSync(folder, { recursive: true })
  const ratio = median(found.sluice) / median(found.bare)
  console.log(
    `Median at ${connections} connections: Sluice ${median(found.sluice).toFixed(0)}/s, bare node:http ${median(found.bare).toFixed(0)}/s: ` +
      `${ratio.toFixed(2)} of it (at least ${limits.ratio}); rebuilt in ${seconds.toFixed(1)} s (under ${limits.rebuildSeconds}).`,
  )
  if (ratio < limits.ratio || seconds > limits.rebuildSeconds) process.exitCode = 1
}

const [role, port, headers] = process.argv.slice(2)
if (role === 'bare') await bare(Number(port), JSON.parse(headers ?? '[]') as Pairs)
else await main()
