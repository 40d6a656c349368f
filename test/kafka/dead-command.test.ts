import { suite, test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Aborter } from '../../src/aborter.ts'
import { bury } from '../../src/bridge/dead.ts'
import { folder } from '../help/folder.ts'
import { follow } from '../help/follow.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { aRecord, bytes, pairs } from '../help/record.ts'
import { sluice } from '../help/sluice.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()

suite('sluice dead on a real Kafka', { skip: kafka.skip, timeout: 120_000 }, () => {
  test('lists, shows and sends again what was given up', async t => {
    const topic = fresh('shop.commands')
    const file = `${folder(t)}/gateway.yaml`
    writeFileSync(
      file,
      `broker: { brokers: "${kafka.brokers}" }
upstreams: { shop: { urls: [http://127.0.0.1:1] } }
calls: { shop: { topic: ${topic}, upstream: shop } }
routes: {}
`,
    )
    const broker = await kafkaBroker(t, kafka.brokers, [topic, `${topic}.dead`])
    await broker.admin.create(
      [topic, `${topic}.dead`].map(name => ({ name, partitions: 1, replication: 1, config: {} })),
    )
    const graveyard = {
      topic: `${topic}.dead`,
      partitionFor: broker.partitionFor.bind(broker),
      publish: broker.publish.bind(broker),
    }
    const record = aRecord({
      topic,
      offset: 3n,
      key: bytes('o-1'),
      value: bytes('{"a":1}\u001b[2J'),
      headers: pairs({ ce_id: 'the-id' }),
    })
    await until(
      'the topics are known',
      () => {
        try {
          return broker.partitionFor(topic, null) + broker.partitionFor(`${topic}.dead`, null) === 0
        } catch {
          return false
        }
      },
      20_000,
    )
    await bury(
      graveyard,
      record,
      { by: 'calls.shop', reason: 'exhausted', detail: 'It answered 503.', attempts: 3 },
      new Aborter(),
    )
    const run = async (...args: string[]): Promise<string> => {
      const child = sluice(t, ['dead', ...args, '--config', file])
      equal(await child.ended, 0, child.err)
      return child.out
    }
    const name = `${topic}.dead/0/0`
    match(
      await run('list'),
      /1 dead letters\.\n {2}\S+\/0\/0 {2}exhausted {2}calls\.shop at \S+, from \S+\/0\/3, key o-1, after 3 attempts: It answered 503\./,
    )
    const shown = await run('show', name)
    match(shown, /ce_id: the-id/)
    match(shown, /\{"a":1\}\ufffd\[2J/)
    const seen = await follow(t, broker, topic)
    match(await run('resend', name), new RegExp(`${name} is in ${topic} again`))
    await until('it is there', () => seen.length === 1, 20_000)
    match(await run('list'), /^0 dead letters/)
    match(await run('resend', '--all'), /^$/)
    const unknown = sluice(t, ['dead', 'show', 'x/0/0', '--config', file])
    deepEqual([await unknown.ended, /There is no dead letter/.test(unknown.err)], [1, true])
  })
})
