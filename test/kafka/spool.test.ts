import { suite, test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { client } from '../help/ask.ts'
import { folder } from '../help/folder.ts'
import { follow } from '../help/follow.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { freePorts, sluice } from '../help/sluice.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const nobody = '127.0.0.1:1'

/** A configuration of one event route with a spool; which brokers, the environment says. */
function configured(t: Scope, topic: string): string {
  const path = folder(t)
  writeFileSync(
    `${path}/gateway.yaml`,
    `broker: { brokers: "\${KAFKA_BROKERS}" }
replies: { topic: ${fresh('replies')} }
spool: { file: ${path}/spool, afterMs: 100 }
routes: { signal: { match: POST /signals, event: { topic: ${topic}, key: body.lamp }, spool: true } }
`,
  )
  return `${path}/gateway.yaml`
}

suite('The spool on a real Kafka', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('a gateway that is killed while no broker is there loses nothing that it has accepted', async t => {
    const topic = fresh('signals')
    const file = configured(t, topic)
    const first = sluice(t, ['start', file, ...freePorts], { KAFKA_BROKERS: nobody })
    using held = client((await first.places()).url)
    const accepted = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const { status, json } = await held.ask('/signals', { body: { lamp: `l-${n % 7}`, n } })
        equal(status, 202)
        return String(json['id'])
      }),
    )
    first.kill('SIGKILL')
    await first.ended

    const second = sluice(t, ['start', file, ...freePorts], { KAFKA_BROKERS: kafka.brokers })
    await second.places()
    const broker = await kafkaBroker(t, kafka.brokers, [topic])
    await until('the topic is there', async () => (await broker.admin.topic(topic)) !== null, 20_000)
    const seen = await follow(t, broker, topic)
    const ids = (): readonly string[] =>
      seen.map(({ headers }) => String(headers.find(([name]) => name === 'ce_id')?.[1]))
    await until('all are forwarded', () => new Set(ids()).size >= accepted.length, 20_000)
    deepEqual([...new Set(ids())].toSorted(), accepted.toSorted())
  })

  test('drain forwards without a gateway, and shows how far it is', async t => {
    const topic = fresh('signals')
    const file = configured(t, topic)
    const away = sluice(t, ['start', file, ...freePorts], { KAFKA_BROKERS: nobody })
    using held = client((await away.places()).url)
    for (let n = 0; n < 5; n++) equal((await held.ask('/signals', { body: { lamp: 'a', n } })).status, 202)
    away.kill('SIGTERM')
    away.kill('SIGTERM')
    await away.ended
    const broker = await kafkaBroker(t, kafka.brokers)
    await broker.admin.create([{ name: topic, partitions: 3, replication: 1, config: {} }])
    const run = sluice(t, ['spool', 'drain', file], { KAFKA_BROKERS: kafka.brokers })
    equal(await run.ended, 0, run.err)
    match(run.out, /0 of 5 forwarded[\s\S]*All 5 are forwarded\./)
    broker.start([topic])
    await until('the topic is known', async () => (await broker.admin.topic(topic)) !== null)
    const seen = await follow(t, broker, topic)
    await until('all are there', () => seen.length === 5)
    deepEqual(
      seen.map(({ value }) => (JSON.parse(String(value)) as { n: number }).n),
      [0, 1, 2, 3, 4],
    )
  })
})
