import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Aborter } from '../../src/aborter.ts'
import { bury } from '../../src/bridge/dead.ts'
import { deadLetters, nameOf, resend } from '../../src/bridge/deadletters.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import type { Incoming } from '../../src/bridge/broker.ts'
import { aRecord, bytes, header, pairs } from '../help/record.ts'

test('dead letters are listed, and one that is sent again is as it was, but for its deadline, and is known for it', async () => {
  await using broker = new MemoryBroker()
  await broker.admin.create(
    ['orders', 'orders.dead'].map(name => ({ name, partitions: 3, replication: 1, config: {} })),
  )
  const graveyard = {
    topic: 'orders.dead',
    partitionFor: broker.partitionFor.bind(broker),
    publish: broker.publish.bind(broker),
  }
  const death = { by: 'calls.shop', reason: 'exhausted', detail: 'The upstream answered 503.', attempts: 3 } as const
  for (const [offset, key] of [
    [4n, bytes('a')],
    [5n, null],
  ] as const)
    await bury(
      graveyard,
      aRecord({
        topic: 'orders',
        partition: 2,
        offset,
        key,
        value: bytes('v'),
        headers: pairs({ ce_id: 'i', 'sluice-expires': '1' }),
      }),
      death,
      new Aborter(),
    )
  const letters = await deadLetters(broker, 'orders.dead')
  equal(letters.length, 2)
  const read: Incoming[] = []
  await using _ = await broker.subscribe(
    { topic: 'orders', partitions: 'all', from: 'earliest' },
    record => void read.push(record),
  )
  for (const letter of letters) await resend(broker, letter)
  await new Promise(resolve => setImmediate(resolve))
  deepEqual(
    read
      .map(({ partition, key, value, headers }) => [
        partition,
        key?.toString() ?? null,
        String(value),
        headers.map(([name]) => name),
      ])
      .toSorted((a, b) => String(a[1]).localeCompare(String(b[1]))),
    [
      [broker.partitionFor('orders', bytes('a')), 'a', 'v', ['ce_id']],
      [2, null, 'v', ['ce_id']],
    ],
  )
  equal(header(read[0]!.headers, 'ce_id'), 'i')
  const again = await deadLetters(broker, 'orders.dead')
  deepEqual(
    again.map(letter => [nameOf(letter), letter.resent]),
    letters.map(letter => [nameOf(letter), true]),
  )
})
