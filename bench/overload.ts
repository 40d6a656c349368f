// npm run bench:overload: commands a second that an upstream answers well while ten times as many come as it can serve, beside those that
// it answers at its own rate, in one run; and whether the lag drains once fewer come. One upstream lets requests wait, another refuses with
// 503 what it has no room for.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { startKafka } from '../tools/kafka/cluster.ts'
import { pass, Running } from './process.ts'

const [slots, serviceMs, times] = [8, 40, 10] as const
const capacity = (slots * 1_000) / serviceMs
const [warmMs, measureMs, drainMs] = [3_000, 5_000, 120_000] as const
const [keys, partitions] = [500, 6] as const
const limit = 0.95

/** An upstream that serves `slots` requests at once, has room for `room` more, and refuses the others. */
async function upstream(room: number) {
  const waiting: ServerResponse[] = []
  const seen = { served: 0, refused: 0, most: 0 }
  let busy = 0
  const begin = (): void => {
    const res = waiting.shift()
    if (res === undefined || busy === slots) return void (res !== undefined && waiting.unshift(res))
    busy++
    setTimeout(() => {
      busy--
      seen.served++
      res.writeHead(201, { 'content-type': 'application/json' }).end('{"done":true}')
      begin()
    }, serviceMs)
  }
  const server = createServer((req, res) =>
    req.resume().on('end', () => {
      if (busy === slots && waiting.length >= room) {
        seen.refused++
        res.writeHead(503).end()
        return
      }
      waiting.push(res)
      seen.most = Math.max(seen.most, waiting.length)
      begin()
    }),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { seen, url: `http://127.0.0.1:${port}`, close: () => server.closeAllConnections() }
}

/** Commands at a steady rate for so long; their number. */
async function send(kafka: Kafka, topic: string, perSecond: number, forMs: number, from: number): Promise<number> {
  const producer = kafka.producer()
  await producer.connect()
  const begun = performance.now()
  let n = 0
  while (performance.now() - begun < forMs) {
    const due = Math.floor(((performance.now() - begun) * perSecond) / 1_000)
    const messages = Array.from({ length: due - n }, (_, at) => ({
      key: `key-${(from + n + at) % keys}`,
      value: '{}',
      headers: {
        'sluice-correlation-id': `c-${from + n + at}`,
        'sluice-reply-to': `${topic}.answers`,
        'sluice-reply-partition': '0',
        ce_id: `command-${from + n + at}`,
      },
    }))
    if (messages.length > 0) await producer.send({ topic, messages })
    n = due
    await pass(20)
  }
  await producer.disconnect()
  return n
}

async function ends(kafka: Kafka, topics: readonly string[]): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  const all = await Promise.all(topics.map(topic => admin.fetchTopicOffsets(topic)))
  await admin.disconnect()
  return all.flat().reduce((sum, { high }) => sum + Number(high), 0)
}

async function play(brokers: string, name: string, room: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-overload-'))
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const topic = `overload.${name}`
  const admin = kafka.admin()
  await admin.connect()
  const topics = [topic, `${topic}.dead`, `${topic}.answers`]
  await admin.createTopics({
    topics: topics.map(each => ({ topic: each, numPartitions: partitions, replicationFactor: 1 })),
  })
  await admin.disconnect()
  const { seen, url, close } = await upstream(room)
  const file = join(folder, 'gateway.yaml')
  writeFileSync(
    file,
    `broker: { brokers: "${brokers}" }
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
log: { level: error }
upstreams: { shop: { urls: ["${url}"] } }
calls: { shop: { topic: ${topic}, upstream: shop, repeatable: true } }
routes: {}
`,
  )
  const gateway = new Running('sluice', ['src/main.ts', 'start', file])
  const rate = async (perSecond: number, from: number) => {
    const sending = send(kafka, topic, perSecond, warmMs + measureMs, from)
    await pass(warmMs)
    const [before, begun] = [seen.served, performance.now()]
    await pass(measureMs)
    const good = ((seen.served - before) * 1_000) / (performance.now() - begun)
    return { good, sent: await sending }
  }
  const drained = async (sent: number): Promise<number> => {
    const begun = performance.now()
    while ((await ends(kafka, topics.slice(1))) < sent && performance.now() - begun < drainMs) await pass(500)
    return performance.now() - begun
  }
  const own = await rate(capacity, 0)
  await drained(own.sent)
  const over = await rate(times * capacity, own.sent)
  const sent = own.sent + over.sent
  const lag = sent - (await ends(kafka, topics.slice(1)))
  const tookMs = await drained(sent)
  const [letters, replies] = [await ends(kafka, [`${topic}.dead`]), await ends(kafka, [`${topic}.answers`])]
  await gateway.stop()
  close()
  rmSync(folder, { recursive: true })
  const best = Math.max(own.good, 0)
  const ratio = over.good / best
  const holds = ratio >= limit && letters === 0 && replies === sent
  if (!holds) process.exitCode = 1
  console.log(
    `${name}: ${over.good.toFixed(0)}/s at ${times} times its rate beside ${best.toFixed(0)}/s at it, ratio ${ratio.toFixed(2)} (asked ≥ ${limit}); ` +
      `lag ${lag}, drained in ${(tookMs / 1_000).toFixed(0)} s; ${replies} replies and ${letters} dead letters for ${sent} commands, ` +
      `${seen.refused} calls refused, at most ${seen.most} waited there: ${holds ? 'holds' : 'FAILS'}`,
  )
}

await using cluster = await startKafka({ brokers: 1 })
const wanted = process.argv.slice(2)
for (const [name, room] of [
  ['queues', Infinity],
  ['refuses', slots],
] as const)
  if (wanted.length === 0 || wanted.includes(name)) await play(cluster.brokers, name, room)
