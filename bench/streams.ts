// npm run bench:streams: clients of server-sent events on Sluice beside the naive way, one consumer for each client. Deliveries for
// each second of CPU at 100 clients, after both have worked for a while; then how many clients the naive way carries, and 2,000
// clients with 20 events a second on Sluice alone; `-- beside`, `falling` or `many` is a part of it, `sluice` 100 clients
// alone. RATE=10 begins with fewer events.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../tools/kafka/cluster.ts'
import { pass, Running } from './process.ts'

const topic = 'bench.streams'
const partitions = 6
const few = 100
const perSecond = Number(process.env['RATE'] ?? 20)
const seconds = Number(process.env['SECONDS'] ?? 60)
const many = Number(process.env['CLIENTS'] ?? 2_000)
const [warmMs, settleMs, restMs, lateMs] = [4_000, 2_000, 3_000, 1_000] as const
const [leastTimes, gatheredMs] = [10, 200] as const
const ports = { sluice: 18_080, naive: 18_081 } as const
const adminPort = 18_090
type Name = keyof typeof ports

process.removeAllListeners('warning') // kafkajs sets negative timeouts, and Node 24 says so
await using cluster = await startKafka({ progress: text => console.log(text) })
const kafka = new Kafka({ clientId: 'bench', brokers: cluster.brokers.split(','), logLevel: logLevel.NOTHING })
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] })
await admin.disconnect()
const producer = kafka.producer()
await producer.connect()

/** One client: it counts, and sees whether numbers are missing, double or out of order in their partition. */
class Client {
  readonly socket: Socket
  joined = false
  count = 0
  wrong = 0
  #rest = ''
  readonly #last = Array<number>(partitions).fill(-1)

  constructor(port: number, lag: (ms: number) => void) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('error', () => {})
    this.socket.write('GET /feed HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n')
    this.socket.setEncoding('latin1')
    this.socket.on('data', text => {
      const blocks = (this.#rest + String(text)).split('\n\n')
      this.#rest = blocks.pop() ?? ''
      for (const block of blocks) {
        if (block.includes('id: ')) this.joined = true
        const at = block.indexOf('data: ')
        if (at === -1) continue
        const { n, sent } = JSON.parse(block.slice(at + 6)) as { n: number; sent: number }
        const last = this.#last[n % partitions] ?? -1
        if (last !== -1 && n !== last + partitions) this.wrong++
        this.#last[n % partitions] = n
        this.count++
        lag(Date.now() - sent)
      }
    })
  }
}

let n = 0
const filler = 'x'.repeat(150)
async function publish(forMs: number, rate: number): Promise<number> {
  const begun = performance.now()
  let sent = 0
  while (performance.now() - begun < forMs) {
    const number = n++
    const value = JSON.stringify({ n: number, sent: Date.now(), filler })
    void producer.send({ topic, messages: [{ partition: number % partitions, value }] })
    sent++
    await pass(Math.max(0, (sent * 1_000) / rate - (performance.now() - begun)))
  }
  return sent
}

function launch(name: Name, gatherMs: number): Running {
  const env = { KAFKA_BROKERS: cluster.brokers }
  if (name === 'naive') return new Running(name, ['bench/naive-streams.ts', topic, String(ports.naive)], env)
  const file = join(mkdtempSync(join(tmpdir(), 'bench-')), 'gateway.yaml')
  const stream = { topics: [topic], clients: 10_000, clientsPerAddress: 10_000, gatherMs }
  const config = {
    server: { host: '127.0.0.1', port: ports.sluice, limits: { connections: 10_000 } },
    admin: { port: adminPort },
    broker: { brokers: cluster.brokers },
    log: { level: 'silent' },
    overload: { mode: 'off' },
    routes: { feed: { match: 'GET /feed', stream } },
  }
  writeFileSync(file, JSON.stringify(config)) // which is YAML too
  return new Running(name, ['src/main.ts', 'start', file], env)
}

/** Whether it takes clients: Sluice says so, the other one listens. */
function answers(name: Name): Promise<boolean> {
  if (name === 'sluice')
    return fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  return new Promise(resolve => {
    const socket = connect(ports[name], '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** What a load cost: deliveries for each second of CPU, with what the process uses anyway and without; whether all came in time. */
type Cost = Readonly<{ perCpu: number; withoutRest: number; carried: boolean }>

async function measure(name: Name, count: number, forSeconds: number, rate: number, gatherMs = 0): Promise<Cost> {
  const running = launch(name, gatherMs)
  while (!(await answers(name))) {
    running.expectAlive()
    await pass(100)
  }
  await pass(1_000)
  const before = running.memoryMb()
  const lags: number[] = []
  const clients: Client[] = []
  for (let at = 0; at < count; at++) {
    clients.push(new Client(ports[name], ms => void lags.push(ms)))
    if (at % 50 === 49) await pass(50)
  }
  const limit = performance.now() + 30_000
  while (clients.some(({ joined }) => !joined) && performance.now() < limit) await pass(200)
  const joined = clients.filter(client => client.joined).length
  await pass(1_000)
  const memory = running.memoryMb()
  await publish(warmMs, rate)
  await pass(settleMs)
  const resting = running.cpuUs()
  await pass(restMs)
  const restShare = (running.cpuUs() - resting) / 1_000 / restMs
  const counted = (): number => clients.reduce((sum, one) => sum + one.count, 0)
  const [warm, cpu] = [counted(), running.cpuUs()]
  lags.length = 0
  const sent = await publish(forSeconds * 1_000, rate)
  await pass(settleMs)
  const cpuSeconds = (running.cpuUs() - cpu) / 1e6
  const deliveries = counted() - warm
  const wrong = clients.reduce((sum, one) => sum + one.wrong, 0)
  lags.sort((a, b) => a - b)
  const p99 = lags[Math.floor(lags.length * 0.99)] ?? NaN
  const kb = (((memory - before) * 1_024) / count).toFixed(1)
  const cost: Cost = {
    perCpu: deliveries / cpuSeconds,
    withoutRest: deliveries / Math.max(0.01, cpuSeconds - restShare * (forSeconds + settleMs / 1_000)),
    carried: joined === count && wrong === 0 && deliveries === sent * count && p99 < lateMs,
  }
  console.log(
    `${name.padEnd(6)} ${joined}/${count} clients, ${sent} events in ${forSeconds} s: ${deliveries} of ${sent * count} deliveries, ` +
      `${wrong} wrong, p99 ${p99} ms, ${kb} kB a client, ${cpuSeconds.toFixed(2)} s of CPU (at rest ${(restShare * 100).toFixed(1)} % of a core), ` +
      `${Math.round(cost.perCpu)} deliveries for each second of CPU, ${Math.round(cost.withoutRest)} without what rest costs`,
  )
  for (const { socket } of clients) socket.destroy()
  await running.stop()
  return cost
}

const short = Math.min(seconds, 15)
const parts = process.argv.slice(2)
const isAsked = (part: string): boolean => parts.length === 0 || parts.includes(part)

/** Both with as many events a second as the naive way carries, so that neither saves by being late. */
async function beside(): Promise<boolean> {
  for (const rate of [perSecond, perSecond / 2, perSecond / 4]) {
    const naive = await measure('naive', few, short, rate)
    if (!naive.carried) {
      console.log(
        `The naive way does not carry ${rate} events a second to ${few} clients in order and within ${lateMs} ms.`,
      )
      continue
    }
    let best = 0
    for (const gatherMs of [0, gatheredMs]) {
      const sluice = await measure('sluice', few, short, rate, gatherMs)
      const [times, net] = [sluice.perCpu / naive.perCpu, sluice.withoutRest / naive.withoutRest]
      console.log(
        `At ${few} clients and ${rate} events a second Sluice makes ${times.toFixed(1)} times the deliveries of the naive way ` +
          `for each second of CPU (${net.toFixed(1)} times without what rest costs); gatherMs: ${gatherMs}.`,
      )
      if (sluice.carried) best = Math.max(best, times)
    }
    return best >= leastTimes
  }
  return false
}

/** How many clients are too many for the naive way. */
async function falling(): Promise<boolean> {
  for (const count of [few, 150, 200, 400]) {
    if ((await measure('naive', count, Math.min(seconds, 10), perSecond)).carried) continue
    console.log(`The naive way does not carry ${count} clients: all of it, in order, and within ${lateMs} ms.`)
    break
  }
  return true
}

const held: boolean[] = []
if (isAsked('beside')) held.push(await beside())
if (isAsked('falling')) held.push(await falling())
if (isAsked('sluice')) held.push((await measure('sluice', few, short, perSecond)).carried)
if (isAsked('many')) held.push((await measure('sluice', many, seconds, perSecond)).carried)
await producer.disconnect()
if (held.includes(false)) process.exitCode = 1
