import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { PartitionAnswers } from '../../../src/resilience/bulkhead/answers.ts'
import { frozenClock } from '../../help/clock.ts'

const ms = 100

function someAnswers(t: Parameters<typeof frozenClock>[0]) {
  const { advance } = frozenClock(t)
  const inFlight = new Map<number, number>()
  const of = (partition: number): number => inFlight.get(partition) ?? 0
  const answers = new PartitionAnswers(of)
  const begin = (partition: number, count = 1): void => {
    for (let i = 0; i < count; i++) {
      answers.begins(partition)
      inFlight.set(partition, of(partition) + 1)
    }
  }
  const end = (partition: number, how: 'heard' | 'lost'): void => {
    answers[how](partition, 0)
    inFlight.set(partition, of(partition) - 1)
  }
  const silent = (partition: number): boolean => answers.silent(partition, ms)
  return { advance, answers, begin, end, silent }
}

test('a partition that answers nothing while others do is silent, until it answers', async t => {
  const { advance, answers, begin, end, silent } = someAnswers(t)
  begin(3, 5)
  begin(40, 2)
  await advance(ms)
  deepEqual([silent(3), answers.held(ms)], [false, 0])
  await advance(1)
  equal(silent(3), false, 'of the others nothing is heard either: it is the worker')
  end(40, 'heard')
  deepEqual([silent(3), silent(40), silent(7), answers.held(ms)], [true, false, false, 5])
  end(3, 'heard')
  await advance(10)
  deepEqual([silent(3), answers.held(ms)], [false, 0])
})

test('what has nothing in flight is not silent, and its time begins with its next call', async t => {
  const { advance, begin, end, silent } = someAnswers(t)
  begin(3)
  end(3, 'heard')
  await advance(10 * ms)
  begin(3)
  begin(4)
  end(4, 'heard')
  equal(silent(3), false)
})

test('what has lost a call is silent with its next one, until it answers one', async t => {
  const { advance, begin, end, silent } = someAnswers(t)
  begin(3)
  await advance(10 * ms)
  end(3, 'lost')
  begin(4)
  end(4, 'heard')
  equal(silent(3), false, 'one may try')
  begin(3)
  equal(silent(3), true)
  end(3, 'heard')
  begin(3)
  equal(silent(3), false)
})

test('what is held is summed up at most every ten milliseconds', async t => {
  const { advance, answers, begin, end } = someAnswers(t)
  begin(3, 5)
  await advance(ms + 1)
  begin(1_000)
  end(1_000, 'heard')
  equal(answers.held(ms), 5)
  end(3, 'lost')
  equal(answers.held(ms), 5)
  await advance(10)
  equal(answers.held(ms), 4)
})
