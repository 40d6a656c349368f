// The same correlation without HTTP: as many callers as connections, each with one call under way, through Sluice's own
// correlator, request service and broker port, without policies. Started by main.ts like load.ts, and answers like it.
import { fileURLToPath } from 'node:url'
import { format, load } from '../config/load.ts'
import { Correlator } from '../src/bridge/correlate.ts'
import { Inbox } from '../src/bridge/inbox.ts'
import { KafkaBroker } from '../src/bridge/kafka/kafka.ts'
import { requestReply, settleReplies } from '../src/bridge/request.ts'
import { Aborter } from '../src/aborter.ts'
import { unsent } from '../src/call.ts'
import type { Call, CallId, CommandId } from '../src/call.ts'
import { later, now, since } from '../src/clock.ts'
import { Histogram } from './histogram.ts'
import type { Task, Told } from './load.ts'

const { connections, warmMs, measureMs } = JSON.parse(process.argv[2] ?? '{}') as Task
const { config, mistakes } = load(fileURLToPath(new URL('gateway.yaml', import.meta.url)), { set: [] })
if (config === null) throw new Error(format(mistakes))
const { replies: inboxOptions } = config
const topic = config.workers['orders']?.topic ?? ''

await using broker = new KafkaBroker(config.broker)
const replies = new Correlator({ instance: 'corr' })
broker.start([topic, inboxOptions.topic])
await Promise.race([watched(), pass(10_000)])
await using inbox = new Inbox(
  broker,
  { ...inboxOptions, instance: 'corr', ordinal: undefined, broadcast: false, ensure: async () => 1 },
  settleReplies(replies),
)
await inbox.open((await broker.admin.topic(inboxOptions.topic))?.partitions ?? 1)
const request = requestReply(record => broker.publish(record), replies, {
  route: 'place-order',
  template: '/orders',
  instance: 'corr',
  dialect: 'sluice',
  reply: inbox.place,
  maxReplyBytes: inboxOptions.maxBytes,
})

let latency = new Histogram()
let errors = 0
let crossed = 0
const running = new AbortController()
let sent = 0
const told = {
  method: 'POST',
  path: '/orders',
  query: '',
  params: [],
  headers: [],
  contentType: 'application/json',
  trace: [],
}

async function caller(): Promise<void> {
  while (!running.signal.aborted) {
    const orderId = `o-${String(1e9 + sent++)}`
    const key = Buffer.from(orderId)
    const body = Buffer.from(`{"orderId":"${orderId}","amount":42}`)
    const started = now()
    const aborter = new Aborter()
    const call: Call = {
      id: orderId as CallId,
      command: orderId as CommandId,
      route: 'place-order',
      worker: 'orders',
      client: '127.0.0.1',
      priority: 'normal',
      topic,
      key,
      partition: broker.partitionFor(topic, key),
      body,
      told,
      started,
      deadline: later(5_000),
      expires: later(5_000),
      accepts: null,
      repeat: null,
      signal: aborter.signal,
      aborter,
      progress: unsent(),
      fault: null,
    }
    try {
      const reply = await request(call)
      latency.record(since(started) * 1_000)
      if (!body.equals(reply.body)) crossed++
    } catch {
      errors++
    }
  }
}
const callers = Array.from({ length: connections }, caller)

const tell = (told: Told): void => {
  if (process.send !== undefined) process.send(told)
  else if (told.kind === 'load') console.log(told.measured)
}
await pass(warmMs)
latency = new Histogram()
errors = crossed = 0
const measured = latency
const begun = now()
const cpu = process.cpuUsage()
tell({ kind: 'begin' })
await pass(measureMs)
tell({ kind: 'end' })
const { user, system } = process.cpuUsage(cpu)
const seconds = since(begun) / 1_000
const answered = measured.total
running.abort()
await Promise.all(callers)
tell({
  kind: 'load',
  measured: {
    answered,
    sent,
    refused: {},
    errors,
    crossed,
    seconds,
    p50: measured.percentileMs(50),
    p99: measured.percentileMs(99),
    p999: measured.percentileMs(99.9),
    max: measured.maxMs,
    cpuUs: (user + system) / answered,
    cpuShare: (user + system) / 1e6 / seconds,
  },
})
process.disconnect?.()

function pass(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** Resolves once the broker port is connected. */
function watched(): Promise<void> {
  return new Promise(resolve => broker.watch(state => state === 'ready' && resolve()))
}
