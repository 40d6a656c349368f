// npm run bench:proxy: the whole way from HTTP over a command to an upstream and back, beside PyPI's kafka-http-proxy 1.0.1 (its proxy and
// its processor): one real Kafka, one upstream, the same generator at 64 connections, alternating rounds. Both log what they do, as they do
// when nothing else is said. What was lost, done twice or answered too late is counted for both.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../tools/kafka/cluster.ts'
import type { Measured } from './load.ts'
import { installed } from './peer/install.ts'
import { firstAnswer, freePort, generate, pass, Running } from './process.ts'

const rounds = Number(process.env['ROUNDS'] ?? 3)
const [connections, partitions, timeoutS, asked] = [64, 10, 5, 5] as const
const [warmMs, measureMs] = [3_000, 10_000] as const
const self = 'bench/proxy.ts'

/** It answers at once, in plain text: the proxy answers 500 for what is JSON. `/count` tells how often each order came. */
async function upstream(port: number): Promise<void> {
  const seen = new Map<string, number>()
  const server = createServer((req, res) => {
    let body = ''
    if (req.url === '/count') {
      const twice = [...seen.values()].reduce((sum, times) => sum + times - 1, 0)
      res.end(JSON.stringify({ served: seen.size, twice }))
    } else
      req
        .setEncoding('utf8')
        .on('data', (text: string) => (body += text))
        .on('end', () => {
          const id = /"orderId":"([^"]*)"/.exec(body)?.[1] ?? ''
          seen.set(id, (seen.get(id) ?? 0) + 1)
          res.writeHead(201, { 'content-type': 'text/plain' }).end(`done ${id}`)
        })
  })
  server.keepAliveTimeout = 60_000
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

async function topics(brokers: string): Promise<void> {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const names = [
    'ours.commands',
    'ours.commands.dead',
    'ours.replies',
    'common-requests',
    'common-responses',
    'common-dead',
  ]
  await admin.createTopics({
    waitForLeaders: true,
    topics: names.map(topic => ({ topic, numPartitions: partitions, replicationFactor: 1 })),
  })
  await admin.disconnect()
}

/** One of the two, with an HTTP port. */
type Pair = Readonly<{ name: string; port: number; processes: readonly Running[] }>

async function ours(brokers: string, url: string, folder: string): Promise<Pair> {
  const port = await freePort()
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `broker: { brokers: "${brokers}" }
server: { host: 127.0.0.1, port: ${port} }
admin: { port: 0 }
overload: { mode: off } # the other has nothing like it: what is late counts as late
log: { level: info, requests: true, file: "${join(folder, 'gateway.log')}" }
replies: { topic: ours.replies }
upstreams: { shop: { urls: ["${url}"], connections: ${connections} } }
calls: { shop: { topic: ours.commands, upstream: shop, timeoutMs: ${timeoutS * 1_000} } }
workers: { shop: { topic: ours.commands, group: sluice.calls.shop } }
routes:
  order: { match: POST /orders, command: { to: shop, key: body.orderId }, timeoutMs: ${timeoutS * 1_000} }
`,
  )
  return { name: 'sluice', port, processes: [new Running('sluice', ['src/main.ts', 'start', file])] }
}

/** As its README says, with its own defaults but for the time to wait: it takes 5 s off that of the processor. */
async function theirs(brokers: string, url: string, folder: string): Promise<Pair> {
  const { python, uvicorn } = installed()
  const port = await freePort()
  const file = join(folder, 'processor.yaml')
  writeFileSync(
    file,
    `kafka: { bootstrap_servers: "${brokers}" }
topics:
  - { request_topic: common-requests, response_topic: common-responses, backend_url: "${url}", timeout: ${timeoutS + 5} }
dead_letter_topic: common-dead
`,
  )
  const processor = new Running('processor', ['bench/peer/processor.py', file], {}, false, python)
  const served = ['kafka_http_proxy.proxy.service:app', '--host', '127.0.0.1', '--port', String(port)]
  const env = {
    KAFKA_BOOTSTRAP_SERVERS: brokers,

    DEFAULT_TIMEOUT: String(timeoutS),
  }
  return { name: 'kafka-http-proxy', port, processes: [processor, new Running('proxy', served, env, false, uvicorn)] }
}

const count = async (url: string): Promise<Readonly<{ served: number; twice: number }>> =>
  (await (await fetch(`${url}/count`, { signal: AbortSignal.timeout(10_000) })).json()) as {
    served: number
    twice: number
  }

/** A round of load on one of the two, and what became of it. */
async function play({ name, port, processes }: Pair, url: string) {
  const load = (forMs: number, at: (border: 'begin' | 'end') => void) =>
    generate('bench/load.ts', { port, connections, warmMs: 0, measureMs: forMs }, {}, at)
  await load(warmMs, () => {})
  const before = await count(url)
  const cpuUs = (): number => processes.reduce((sum, each) => sum + each.cpuUs(), 0)
  let used = 0
  const measured = await load(measureMs, border => (used = border === 'begin' ? cpuUs() : cpuUs() - used))
  for (const each of processes) each.expectAlive()
  await pass(1_000)
  const after = await count(url)
  const refused = Object.values(measured.refused).reduce((sum, times) => sum + times, 0)
  const lost = measured.sent - refused - (after.served - before.served)
  return {
    name,
    perSecond: measured.answered / measured.seconds,
    used,
    measured,
    lost,
    twice: after.twice - before.twice,
  }
}

function told({ name, perSecond, used, measured, lost, twice }: Awaited<ReturnType<typeof play>>): string {
  const { answered, p50, p99 } = measured
  return (
    `${name}: ${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${(used / answered).toFixed(0)} µs of CPU each; ` +
    `${ended(measured)}; of ${measured.sent} sent ${lost} never came to the upstream, ${twice} came again`
  )
}

function ended({ refused, errors, crossed }: Measured): string {
  const { 504: late = 0, ...others } = refused
  const other = Object.entries(others).map(([status, times]) => `${times} answered ${status}`)
  return [`${late} timed out`, `${errors} without an answer`, `${crossed} with another's`, ...other].join(', ')
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function main(): Promise<void> {
  installed()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  await using cluster = await startKafka({ brokers: 1 })
  await topics(cluster.brokers)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = new Running('upstream', [self, 'upstream', String(port)])
  const both = [await ours(cluster.brokers, url, folder), await theirs(cluster.brokers, url, folder)] as const
  for (const { processes, port: at } of both) await firstAnswer(processes.at(-1)!, at, performance.now())
  const rates: [number[], number[]] = [[], []]
  for (let round = 1; round <= rounds; round++)
    for (const [which, one] of both.entries()) {
      const result = await play(one, url)
      rates[which]?.push(result.perSecond)
      console.log(`round ${round}, ${told(result)}`)
    }
  const [mine, other] = rates
  const ratio = median(mine.map((rate, at) => rate / (other[at] ?? rate)))
  if (ratio < asked) process.exitCode = 1
  console.log(
    `the whole round trip: ${median(mine).toFixed(0)}/s beside ${median(other).toFixed(0)}/s, ratio ${ratio.toFixed(1)} ` +
      `(asked ≥ ${asked}): ${ratio >= asked ? 'holds' : 'FAILS'}`,
  )
  await Promise.all([...both.flatMap(({ processes }) => processes), server].map(each => each.stop(2_000)))
  rmSync(folder, { recursive: true })
}

const [task, at] = process.argv.slice(2)
if (task === 'upstream') await upstream(Number(at))
else await main()
