import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from '../help/folder.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'
import { aRecord, header, pairs } from '../help/record.ts'
import { sluice } from '../help/sluice.ts'

const kafka = useKafka()

test('a span of a topic is printed, and published again anywhere but into itself', { skip: kafka.skip }, async t => {
  const [topic, copy] = [fresh('events'), fresh('events.copy')]
  const broker = await kafkaBroker(t, kafka.brokers)
  await broker.admin.create([topic, copy].map(name => ({ name, partitions: 2, replication: 1, config: {} })))
  for (let n = 0; n < 20; n++) {
    const record = { topic, partition: n % 2, key: Buffer.from(`k${n}`), value: Buffer.from(`{"n":${n}}`) }
    const written = aRecord({ ...record, headers: pairs({ ce_id: `e${n}` }) })
    await broker.publish({ ...written, acks: 'all', signal: new AbortController().signal })
  }
  const file = join(folder(t), 'gateway.yaml')
  writeFileSync(file, `broker: { brokers: "${kafka.brokers}" }\nroutes: {}\n`)

  const printing = sluice(t, ['replay', topic, file, '--from', 'offset:3', '--to', 'offset:5'])
  equal(await printing.ended, 0, printing.err)
  const printed = printing.out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Record<string, unknown>)
  deepEqual(
    new Set(printed.map(({ partition, offset, value }) => JSON.stringify([partition, offset, value]))),
    new Set(['[0,3,{"n":6}]', '[0,4,{"n":8}]', '[1,3,{"n":7}]', '[1,4,{"n":9}]']),
  )
  match(printing.err, /4 records of /)

  const copying = sluice(t, ['replay', topic, file, '--into', copy, '--rate', '10000'])
  equal(await copying.ended, 0, copying.err)
  match(copying.err, new RegExp(`20 records of ${topic} are in ${copy}`))
  deepEqual((await broker.admin.ends(copy)).map(Number), [10, 10])
  broker.partitionFor(copy, null)
  const { records } = await broker.past.page({ topic: copy, partition: 1, from: 0n, maxBytes: 100_000 })
  deepEqual(
    records.map(({ headers }) => [header(headers, 'ce_id'), header(headers, 'sluice-replayed')]),
    Array.from({ length: 10 }, (_, n) => [`e${2 * n + 1}`, `${topic}/1/${n}`]),
  )

  const same = sluice(t, ['replay', topic, file, '--into', topic])
  equal(await same.ended, 1)
  match(same.err, /would be replayed into itself/)
  const absent = sluice(t, ['replay', fresh('absent'), file])
  equal(await absent.ended, 1)
  match(absent.err, /There is no topic absent/)
  const odd = sluice(t, ['replay', topic, file, '--from', 'yesterday'])
  equal(await odd.ended, 1)
  match(odd.err, /--from is "yesterday": expected earliest, end, a time, or offset:N/)
})
