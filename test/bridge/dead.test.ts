import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Aborter } from '../../src/aborter.ts'
import { bury, deadHeaders, readDead } from '../../src/bridge/dead.ts'
import type { Graveyard } from '../../src/bridge/dead.ts'
import type { Outgoing } from '../../src/bridge/broker.ts'
import { Problem } from '../../src/problem.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord, bytes, pairs } from '../help/record.ts'

const record = aRecord({
  topic: 'shop.commands',
  partition: 3,
  offset: 17n,
  key: bytes('o-1'),
  value: bytes('{"a":1}'),
  headers: pairs({ ce_id: 'the-id', 'sluice-dead-reason': 'of an earlier death' }),
})
const death = { by: 'calls.shop', reason: 'exhausted', detail: 'The upstream answered 503.', attempts: 3 } as const

test('a dead letter says why, how often it was tried, and where it was, and is otherwise the record', () => {
  const letter = readDead({ ...record, topic: 'shop.dead', headers: deadHeaders(record, death) })
  const { at, ...said } = letter!
  equal(at! > 0, true)
  deepEqual(said, {
    ...death,
    origin: { topic: 'shop.commands', partition: 3, offset: 17n },
    record: { key: record.key, value: record.value, headers: pairs({ ce_id: 'the-id' }) },
  })
})

test('what is no dead letter is not read as one', () => {
  equal(readDead(record), null)
  for (const broken of [{ 'sluice-dead-offset': 'x' }, { 'sluice-dead-reason': 'tired' }])
    equal(readDead({ ...record, headers: [...deadHeaders(record, death), ...pairs(broken)] }), null)
})

/** A topic that takes a record once the failures are over. */
function yard(failures: Problem[]) {
  const written: Outgoing[] = []
  const graveyard: Graveyard = {
    topic: 'shop.dead',
    partitionFor: () => 1,
    publish: async outgoing => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      written.push(outgoing)
      return { partition: 1, offset: 0n }
    },
  }
  return { written, graveyard }
}

test('it is written again and again until the brokers have it', async t => {
  const clock = frozenClock(t)
  const down = new Problem('broker-unavailable', 'x')
  const { written, graveyard } = yard([down, down, down])
  const buried = bury(graveyard, record, death, new Aborter())
  for (let i = 0; i < 20; i++) await clock.advance(1_000)
  equal(await buried, true)
  deepEqual(
    written.map(({ topic, partition, key, value, acks }) => ({ topic, partition, key, value, acks })),
    [{ topic: 'shop.dead', partition: 1, key: record.key, value: record.value, acks: 'all' }],
  )
})

test('one that is too large goes without its value', async () => {
  const { written, graveyard } = yard([new Problem('too-large', 'x')])
  equal(await bury(graveyard, record, death, new Aborter()), true)
  equal(written[0]?.value, null)
})

test('who stops before it is written has not given it up', async t => {
  frozenClock(t)
  const { written, graveyard } = yard(Array.from({ length: 9 }, () => new Problem('broker-unavailable', 'x')))
  const stop = new Aborter()
  const buried = bury(graveyard, record, death, stop)
  await new Promise(resolve => setImmediate(resolve))
  stop.abort(new Error('stops'))
  equal(await buried, false)
  equal(written.length, 0)
})
