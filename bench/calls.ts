// npm run bench:calls: commands a second that `calls` turn into requests and replies, beside a hand-written loop (kafkajs eachBatch and an
// undici pool, the same concurrency, no policies); and requests a second to an upstream beside a bare undici pool in the same process, and
// through the whole gateway beside a bare node:http proxy. All in alternating rounds of one run; `-- calls` and `-- requests` are its halves.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { Pool } from 'undici'
import { Upstream as Options } from '../config/schema/upstream.ts'
import { Aborter } from '../src/aborter.ts'
import { Upstream } from '../src/bridge/upstreams/index.ts'
import { later } from '../src/clock.ts'
import { guardEndpoint } from '../src/resilience/guards.ts'
import { Budget } from '../src/resilience/repetition/index.ts'
import { startKafka } from '../tools/kafka/cluster.ts'
import { freePort, Running } from './process.ts'

const commands = Number(process.env['COMMANDS'] ?? 10_000)
const rounds = Number(process.env['ROUNDS'] ?? 3)
const [concurrency, keys, partitions] = [64, 1_000, 12] as const
const [warmMs, measureMs] = [1_000, 3_000] as const
/** Each run has topics of its own: what was answered before is passed over. */
const topicsOf = (run: string) => ({ topic: `bench.${run}.commands`, answers: `bench.${run}.answers` })
const limits = { calls: 0.8, upstream: 0.7, gateway: 0.7 }

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The upstream: it answers at once, and tells on /count how many it has served. */
async function upstream(port: number): Promise<void> {
  let served = 0
  const server = createServer((req, res) => {
    if (req.url === '/count') res.end(String(served))
    else
      req.resume().on('end', () => {
        served++
        res.writeHead(201, { 'content-type': 'application/json' }).end('{"done":true}')
      })
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

/** The loop that one would write by hand. */
async function loop(brokers: string, url: string, run: string): Promise<void> {
  const { topic, answers } = topicsOf(run)
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const [consumer, producer] = [kafka.consumer({ groupId: run }), kafka.producer()]
  const pool = new Pool(url, { connections: concurrency })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: partitions,
    eachBatch: async payload => {
      const { messages } = payload.batch
      // one of a key after the other would be slower still: here nothing is kept in order but what a chunk keeps
      const width = Math.ceil(concurrency / partitions)
      for (let at = 0; at < messages.length; at += width) {
        const chunk = messages.slice(at, at + width)
        const replies = await Promise.all(
          chunk.map(async ({ headers = {}, value }) => {
            const { statusCode, body } = await pool.request({
              path: String(headers['http-path']),
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: value,
            })
            return {
              value: Buffer.from(await body.arrayBuffer()),
              partition: Number(headers['sluice-reply-partition']),
              headers: {
                'sluice-correlation-id': headers['sluice-correlation-id'] as Buffer,
                'sluice-status': String(statusCode),
                'content-type': 'application/json',
              },
            }
          }),
        )
        await producer.send({ topic: answers, messages: replies })
        payload.resolveOffset(chunk.at(-1)?.offset ?? '')
        await payload.heartbeat()
      }
    },
  })
}

/** A bare proxy: node:http in front of an undici pool. */
async function proxy(port: number, url: string): Promise<void> {
  const pool = new Pool(url, { connections: concurrency })
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    const pass = async (): Promise<void> => {
      const headers = { 'content-type': 'application/json' }
      const answer = await pool.request({ path: req.url ?? '/', method: 'POST', headers, body: Buffer.concat(chunks) })
      const body = Buffer.from(await answer.body.arrayBuffer())
      res.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(body)
    }
    req.on('end', () => void pass())
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

const body = Buffer.from(JSON.stringify({ article: 'tea', amount: 2, note: 'x'.repeat(200) }))

async function fill(brokers: string, run: string): Promise<void> {
  const { topic, answers } = topicsOf(run)
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const config = { numPartitions: partitions, replicationFactor: 1 }
  await admin.createTopics({ topics: [topic, `${topic}.dead`, answers].map(name => ({ topic: name, ...config })) })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  for (let at = 0; at < commands; at += 1_000)
    await producer.send({
      topic,
      messages: Array.from({ length: 1_000 }, (_, n) => ({
        key: `key-${(at + n) % keys}`,
        value: body,
        headers: {
          'sluice-correlation-id': `c-${at + n}`,
          'sluice-reply-to': answers,
          'sluice-reply-partition': String((at + n) % partitions),
          ce_id: `command-${at + n}`,
          'http-method': 'POST',
          'http-path': '/orders',
          'content-type': 'application/json',
        },
      })),
    })
  await producer.disconnect()
}

/** Resolves once somebody answers there. */
async function answering(port: number): Promise<void> {
  for (let on = false; !on; await sleep(50))
    on = await fetch(`http://127.0.0.1:${port}/orders`, { method: 'POST' }).then(
      () => true,
      () => false,
    )
}

const served = async (url: string): Promise<number> => Number(await (await fetch(`${url}/count`)).text())

/** Commands a second of a process that works off all of them, and its CPU time for each: from a tenth to nine tenths. */
async function rate(url: string, start: () => Running): Promise<Readonly<{ perSecond: number; cpuUs: number }>> {
  const before = await served(url)
  const process = start()
  let [begun, ended, cpuUs] = [0, 0, 0]
  for (let done = 0; ended === 0; await sleep(20)) {
    done = (await served(url)) - before
    if (begun === 0 && done >= commands / 10) {
      begun = performance.now()
      cpuUs = process.cpuUs()
    }
    if (done >= commands * 0.9) {
      ended = performance.now()
      cpuUs = process.cpuUs() - cpuUs
    }
  }
  while ((await served(url)) - before < commands) await sleep(50)
  await process.stop()
  return { perSecond: (commands * 0.8 * 1_000) / (ended - begun), cpuUs: cpuUs / (commands * 0.8) }
}

/** Requests a second of whoever asks, `concurrency` at once. */
async function asking(ask: () => Promise<unknown>): Promise<number> {
  const stop = new AbortController()
  let answered = 0
  const ones = Array.from({ length: concurrency }, async () => {
    while (!stop.signal.aborted) {
      await ask()
      answered++
    }
  })
  await sleep(warmMs)
  const [before, begun] = [answered, performance.now()]
  await sleep(measureMs)
  const perSecond = ((answered - before) * 1_000) / (performance.now() - begun)
  stop.abort()
  await Promise.all(ones)
  return perSecond
}

type Pair = { ours: number[]; theirs: number[] }
const pair = (): Pair => ({ ours: [], theirs: [] })
const line = (name: string, { ours, theirs }: Pair, limit: number): string => {
  const ratio = median(ours.map((value, at) => value / (theirs[at] ?? value)))
  const verdict = ratio >= limit ? 'holds' : 'FAILS'
  if (ratio < limit) process.exitCode = 1
  return `${name}: ${Math.round(median(ours))}/s beside ${Math.round(median(theirs))}/s, ratio ${ratio.toFixed(2)} (asked ≥ ${limit}): ${verdict}`
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  await using cluster = await startKafka({ brokers: 1 })
  const { brokers } = cluster
  const [upstreamPort, proxyPort, port] = [await freePort(), await freePort(), await freePort()]
  const url = `http://127.0.0.1:${upstreamPort}`
  const self = 'bench/calls.ts'
  const server = new Running('upstream', [self, 'upstream', String(upstreamPort)])
  await answering(upstreamPort)
  const configured = (run: string): string => {
    const file = join(folder, `${run}.yaml`)
    writeFileSync(
      file,
      `broker: { brokers: "${brokers}" }
server: { host: 127.0.0.1, port: ${port} }
admin: { port: 0 }
log: { level: error }
upstreams: { shop: { urls: ["${url}"], connections: ${concurrency} } }
calls: { shop: { topic: ${topicsOf(run).topic}, upstream: shop, concurrency: ${concurrency} } }
routes: {}
`,
    )
    return file
  }
  const calls = pair()
  for (let round = 0; wants('calls') && round < rounds; round++) {
    await fill(brokers, `ours-${round}`)
    const ours = await rate(url, () => new Running('sluice', ['src/main.ts', 'start', configured(`ours-${round}`)]))
    await fill(brokers, `theirs-${round}`)
    const theirs = await rate(url, () => new Running('loop', [self, 'loop', brokers, url, `theirs-${round}`]))
    calls.ours.push(ours.perSecond)
    calls.theirs.push(theirs.perSecond)
    const told = ({ perSecond, cpuUs }: typeof ours): string =>
      `${perSecond.toFixed(0)}/s at ${cpuUs.toFixed(0)} µs of CPU`
    console.log(`round ${round + 1}: calls ${told(ours)}, loop ${told(theirs)}`)
  }

  if (wants('calls')) console.log(line('calls, beside a hand-written loop', calls, limits.calls))
  if (!wants('requests')) return await server.stop()

  const options = Options.parse({ urls: [url], connections: concurrency })
  const parts = { guard: (name: string) => guardEndpoint(name, options, 5_000), budget: new Budget(options.budget) }
  await using ours = new Upstream(
    { ...options, name: 'shop', maxReplyBytes: options.replyBytes, outliers: undefined },
    parts,
  )
  const told = {
    method: 'POST',
    path: '/orders',
    query: '',
    params: [],
    headers: [],
    contentType: 'application/json',
    trace: [],
  }
  const signal = new Aborter()
  const theirs = new Pool(url, { connections: concurrency })
  const headers = { 'content-type': 'application/json' }
  const direct = pair()
  for (let round = 0; round < rounds; round++) {
    direct.ours.push(await asking(() => ours.serve({ told, body, signal, deadline: later(5_000) })))
    direct.theirs.push(
      await asking(async () => {
        const answer = await theirs.request({ path: '/orders', method: 'POST', headers, body })
        await answer.body.arrayBuffer()
      }),
    )
  }

  console.log(line('an upstream, beside a bare undici pool', direct, limits.upstream))
  const file = join(folder, 'route.yaml')
  writeFileSync(
    file,
    `server: { host: 127.0.0.1, port: ${port} }
admin: { port: 0 }
log: { level: error }
upstreams: { shop: { urls: ["${url}"], connections: ${concurrency * 2} } }
routes: { order: { match: POST /orders, upstream: { to: shop } } }
`,
  )
  const gateway = new Running('sluice', ['src/main.ts', 'start', file])
  const bare = new Running('proxy', [self, 'proxy', String(proxyPort), url])
  await Promise.all([answering(port), answering(proxyPort)])
  const whole = pair()
  for (let round = 0; round < rounds; round++)
    for (const [to, values] of [
      [port, whole.ours],
      [proxyPort, whole.theirs],
    ] as const) {
      const pool = new Pool(`http://127.0.0.1:${to}`, { connections: concurrency })
      values.push(
        await asking(async () => {
          const answer = await pool.request({ path: '/orders', method: 'POST', headers, body })
          await answer.body.arrayBuffer()
          if (answer.statusCode !== 201) throw new Error(`Answered ${answer.statusCode}.`)
        }),
      )
      await pool.close()
    }
  console.log(line('a route to an upstream, beside a bare node:http proxy', whole, limits.gateway))
  await Promise.all([gateway, bare, server].map(each => each.stop()))
  await theirs.close()
  rmSync(folder, { recursive: true })
}

const [task, ...args] = process.argv.slice(2)
/** `calls` or `requests` alone; both unless told. */
function wants(part: 'calls' | 'requests'): boolean {
  return task === undefined || task === part
}
if (task === 'upstream') await upstream(Number(args[0]))
else if (task === 'loop') await loop(args[0] ?? '', args[1] ?? '', args[2] ?? '')
else if (task === 'proxy') await proxy(Number(args[0]), args[1] ?? '')
else await main()
