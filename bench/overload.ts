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
const [warmMs, ownMs, overMs, longestMs] = [1_000, 10_000, 4_000, 120_000] as const
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

/** Commands at a steady rate, so many as that makes in such a time; their number. */
async function send(kafka: Kafka, topic: string, perSecond: number, forMs: number, from: number): Promise<number> {
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  const begun = performance.now()
  let n = 0
  const all = (perSecond * forMs) / 1_000
  while (n < all) {
    const due = Math.min(all, Math.floor(((performance.now() - begun) * perSecond) / 1_000))
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
  const answered = (): Promise<number> => ends(kafka, topics.slice(1))
  /** Commands served well a second, from a second after they begin to come until nine tenths are served. */
  const rate = async (perSecond: number, forMs: number, from: number) => {
    const before = seen.served
    const sending = send(kafka, topic, perSecond, forMs, from)
    await pass(warmMs)
    const [served, begun] = [seen.served, performance.now()]
    const most = (perSecond * forMs * 0.9) / 1_000
    while (seen.served - before < most && performance.now() - begun < longestMs) await pass(20)
    const good = ((seen.served - served) * 1_000) / (performance.now() - begun)
    return { good, refused: seen.refused, sent: await sending }
  }
  await rate(capacity, warmMs, 0) // until it is there
  const own = await rate(capacity, ownMs, capacity)
  const before = seen.refused
  const overload = rate(times * capacity, overMs, 100 * capacity)
  await pass(overMs)
  const lag = (await ends(kafka, [topic])) - (await answered())
  const over = await overload
  const begun = performance.now()
  const sent = await ends(kafka, [topic])
  while ((await answered()) < sent && performance.now() - begun < longestMs) await pass(500)
  const [letters, replies] = [await ends(kafka, [`${topic}.dead`]), await ends(kafka, [`${topic}.answers`])]
  await gateway.stop()
  close()
  rmSync(folder, { recursive: true })
  const ratio = over.good / own.good
  const holds = ratio >= limit && replies + letters === sent && letters === 0
  if (!holds) process.exitCode = 1
  console.log(
    `${name}: ${over.good.toFixed(0)}/s at ${times} times its rate beside ${own.good.toFixed(0)}/s at it, ratio ${ratio.toFixed(2)} (asked ≥ ${limit}); ` +
      `lag ${lag}, then none; ${replies} replies and ${letters} dead letters for ${sent} commands, ` +
      `${seen.refused - before} calls refused, at most ${seen.most} waited there: ${holds ? 'holds' : 'FAILS'}`,
  )
}

await using cluster = await startKafka({ brokers: 1 })
const wanted = process.argv.slice(2)
for (const [name, room] of [
  ['queues', Infinity],
  ['refuses', slots],
] as const)
  if (wanted.length === 0 || wanted.includes(name)) await play(cluster.brokers, name, room)
