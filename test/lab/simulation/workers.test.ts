import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { usual } from '../../../src/lab/behaviour.ts'
import type { Behaviour } from '../../../src/lab/behaviour.ts'
import { ModelWorkers } from '../../../src/lab/simulation/workers.ts'
import { frozenClock } from '../../help/clock.ts'
import { pairs } from '../../help/record.ts'

function theWorkers(t: TestContext, over: Partial<Behaviour> = {}, members = 1) {
  const { advance } = frozenClock(t)
  const answered: string[] = []
  const behaviour = { ...usual, places: 1, serviceMs: 20, ...over }
  const workers = new ModelWorkers(
    { members, behaviour, sessionMs: 1_000 },
    () => 0.5,
    (record, status) => answered.push(`${Buffer.from(record.key ?? []).toString()} ${status}`),
  )
  const take = (key: string, partition = 0, expires = Date.now() + 5_000): void =>
    workers.take({
      topic: 'c',
      partition,
      key: Buffer.from(key),
      value: Buffer.from('{}'),
      headers: pairs({ 'sluice-expires': String(expires) }),
      acks: 'all',
      signal: new AbortController().signal,
    })
  return { workers, answered, take, advance }
}

test('a place does one command after the other, and those of a key in their order', async t => {
  const { answered, take, advance } = theWorkers(t, { places: 2 })
  for (const key of ['a', 'a', 'b']) take(key)
  await advance(20)
  deepEqual(answered, ['a 201', 'b 201'])
  await advance(20)
  deepEqual(answered.at(-1), 'a 201')
})

test('what has expired is dropped, unless workers do not look', async t => {
  const { workers, take, advance } = theWorkers(t)
  for (const key of ['a', 'b']) take(key, 0, Date.now() + 10)
  await advance(20)
  await advance(20)
  deepEqual([workers.done.executed, workers.done.dropped], [1, 1])
  workers.behave({ obeysExpiry: false })
  take('c', 0, Date.now() - 1)
  await advance(20)
  deepEqual([workers.done.executed, workers.done.late], [2, 1])
})

test('who is killed keeps its partitions until its session ends, and others take over', async t => {
  const { workers, answered, take, advance } = theWorkers(t, {}, 2)
  workers.kill(0)
  take('a', 0)
  await advance(500)
  deepEqual([answered, workers.size], [[], 2])
  await advance(600)
  await advance(20)
  deepEqual([answered, workers.size], [['a 201'], 1])
})

test('a worker that stands still goes on, and one that comes takes what nobody had', async t => {
  const { workers, answered, take, advance } = theWorkers(t)
  workers.freeze('all')
  take('a')
  await advance(100)
  equal(answered.length, 0)
  workers.thaw('all')
  await advance(20)
  deepEqual(answered, ['a 201'])
  workers.leave('all')
  take('b')
  await advance(100)
  workers.join(0)
  await advance(20)
  deepEqual(answered, ['a 201', 'b 201'])
})
