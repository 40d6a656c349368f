import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { access } from '../../../src/bridge/kafka/access.ts'
import { Writer } from '../../../src/bridge/kafka/bytes.ts'
import { Cluster } from '../../../src/bridge/kafka/cluster.ts'
import { KafkaPast } from '../../../src/bridge/kafka/past.ts'
import { writeBatch } from '../../../src/bridge/kafka/records.ts'
import { wallClock } from '../../../src/clock.ts'
import { fetched, scriptedNode } from '../../help/scripted.ts'
import { until } from '../../help/until.ts'

test('a page may have more records than a call takes arguments', async t => {
  const node = await scriptedNode()
  const cluster = new Cluster(access(Config.parse({ routes: {}, broker: { brokers: node.brokers } }).broker))
  t.after(async () => {
    await cluster.close()
    await node[Symbol.asyncDispose]()
  })
  cluster.start(['t'])
  await until('connected', () => cluster.link(1, 'produce'))
  const out = new Writer()
  const tiny = { key: null, value: Buffer.from('x'), headers: [] }
  writeBatch(
    out,
    Array.from({ length: 200_000 }, () => tiny),
    wallClock(),
  )
  node.on('fetch', () => fetched(0, Buffer.from(out.bytes)))
  const past = new KafkaPast(cluster)
  const page = await past.page({ topic: 't', partition: 0, from: 0n, maxBytes: 4_194_304 })
  equal(page.records.length, 200_000)
  equal(page.next, 200_000n)
  await past[Symbol.asyncDispose]()
})
