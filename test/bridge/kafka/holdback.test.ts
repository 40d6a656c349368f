import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Holdback } from '../../../src/bridge/kafka/holdback.ts'
import { now } from '../../../src/clock.ts'
import { frozenClock } from '../../help/clock.ts'

const answer = (lastStable: bigint, highWatermark: bigint) =>
  ({ partition: 3, code: 0, highWatermark, lastStable, first: 0n, aborted: [], batches: null }) as const

test('an empty answer at the last stable offset, with records above it, means that they are held back', async t => {
  const clock = frozenClock(t)
  const told: string[] = []
  const holdback = new Holdback((kind, partition, reason) => told.push(`${kind} ${partition}: ${reason}`))
  holdback.look(answer(7n, 7n), 7n, now())
  equal(holdback.forMs, 0, 'nothing is there')
  holdback.look(answer(9n, 12n), 7n, now())
  equal(holdback.forMs, 0, 'something could be read')
  const begun = now()
  await clock.advance(500)
  holdback.look(answer(7n, 12n), 7n, begun)
  equal(holdback.forMs, 500)
  deepEqual(told, [], 'most are over soon')
  await clock.advance(1_500)
  holdback.look(answer(7n, 13n), 7n, now())
  holdback.look(answer(7n, 14n), 7n, now())
  deepEqual(told, ['held-back 3: an open transaction holds back 6 records'])
  await clock.advance(1_000)
  holdback.release(3)
  equal(holdback.forMs, 0)
  deepEqual(told.slice(1), ['released 3: the transaction has ended after 3000 ms'])
  holdback.release(3)
  holdback.clear()
  equal(told.length, 2)
})
