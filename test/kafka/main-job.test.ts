import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { partitionOf } from '../../src/bridge/partition.ts'
import { anOrder } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { gatewayOnKafka, kafkaBroker } from '../help/onkafka.ts'

const kafka = useKafka()

test('on Kafka, too: an order is placed, read and not found, and an event taken', { skip: kafka.skip }, async t => {
  const { ask, topics, admin } = await gatewayOnKafka(t, kafka.brokers, {}, { demo: true })
  const placed = await ask('/orders', { body: anOrder })
  deepEqual([placed.status, placed.json, placed.outcome], [201, anOrder, 'sent'])
  const read = await ask('/orders/o-1')
  deepEqual([read.status, read.json], [200, anOrder])
  equal((await ask('/orders/o-2')).status, 404)
  const taken = await ask('/signals', { body: { lamp: 'on' } })
  deepEqual([taken.status, taken.outcome], [202, 'sent'])
  match(String(taken.json['id']), /^[0-9a-f-]{36}$/)
  deepEqual(await admin.ready(), { status: 200, ready: true, degraded: false, reasons: [] })

  const independent = await kafkaBroker(t, kafka.brokers)
  const written = await independent.admin.ends(topics.commands)
  equal(written.length, 12)
  equal(
    written.reduce((sum, end) => sum + end, 0n),
    3n,
  )
  equal((await independent.admin.ends(topics.replies)).filter(end => end > 0n).length, 1, 'one partition of replies')
})

test('the record is what semantics says, seen by another client', { skip: kafka.skip }, async t => {
  const { ask, topics } = await gatewayOnKafka(t, kafka.brokers)
  const worker = await handWorker(
    t,
    await kafkaBroker(t, kafka.brokers, [topics.commands, topics.replies]),
    topics.commands,
  )
  const asked = ask('/orders?x=1', { body: anOrder })
  const command = await worker.next()
  deepEqual([command.key, command.body], ['o-1', JSON.stringify(anOrder)])
  equal(command.record.partition, partitionOf(Buffer.from('o-1'), 12))
  deepEqual([command.header('ce_type'), command.header('http-query')], ['place-order', 'x=1'])
  equal(command.header('sluice-reply-to'), topics.replies)
  ok(command.expires > Date.now())
  await command.reply({ status: 409, body: '"no"' })
  const answer = await asked
  deepEqual([answer.status, answer.text], [409, '"no"'])
})

test('an event with expose says where it is, and with acks none that nobody knows', { skip: kafka.skip }, async t => {
  const { ask } = await gatewayOnKafka(t, kafka.brokers, {
    routes: {
      signal: { event: { expose: true } },
      hint: { match: 'POST /hints', event: { topic: fresh('hints'), acks: 'none' } },
    },
  })
  const exposed = await ask('/signals', { body: {} })
  equal(exposed.status, 202)
  match(String(exposed.json['offset']), /^\d+$/)
  ok(Number.isInteger(exposed.json['partition']))
  const hint = await ask('/hints', { body: {} })
  deepEqual([hint.status, hint.outcome], [202, 'in-doubt'])
})

test(
  'a record that its topic does not take is 413, not sent, and the others of its batch are written',
  { skip: kafka.skip },
  async t => {
    const { ask } = await gatewayOnKafka(t, kafka.brokers, {
      routes: { signal: { bodyBytes: 8_388_608 } },
    })
    const answers = await Promise.all(
      [100, 2_000_000, 100].map(size => ask('/signals', { body: Buffer.alloc(size, 'x') })),
    )
    deepEqual(
      answers.map(({ status, outcome }) => `${status} ${outcome}`),
      ['202 sent', '413 not-sent', '202 sent'],
    )
  },
)
