import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { Problem } from '../../../src/problem.ts'
import { Batch } from '../../../src/routes/events/batch.ts'
import type { BatchParts, Results } from '../../../src/routes/events/batch.ts'
import { Splitter, lines } from '../../../src/routes/events/split.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { heldService } from '../../help/service.ts'

/** A batch of lines before a held service, and what it does to its request. */
function aBatch(over: Partial<BatchParts> = {}) {
  const { service, taken } = heldService()
  const said: Results[] = []
  const counts = { goOn: 0, done: 0 }
  const req = {
    goOn: (): void => void counts.goOn++,
    done: (bytes: number): void => void (counts.done += bytes),
    fail: (problem: Problem): void => batch.end(problem),
  }
  const batch: Batch = new Batch({
    req,
    splitter: new Splitter(lines(), 100),
    most: 1_000,
    enter: body => aCall({ body }),
    service,
    ended: results => void said.push(results),
    ...over,
  })
  batch.open()
  const codes = (): readonly string[] | undefined =>
    said[0]?.results.map(result => ('reply' in result ? 'ok' : result.problem.code))
  return { batch, taken, said, counts, codes }
}

const linesOf = (count: number): Buffer => Buffer.from('1\n'.repeat(count))

test('256 events are under way at once; then the client is let wait, and reads on as they end', async () => {
  const { batch, taken, counts, codes } = aBatch()
  equal(batch.take(linesOf(255)), true)
  equal(batch.take(linesOf(100)), false)
  equal(taken.length, 256)
  counts.goOn = 0
  for (const { reply } of taken.slice(0, 98)) reply(anAnswer)
  await setImmediate()
  deepEqual([taken.length, counts.goOn], [354, 0])
  taken[98]?.reply(anAnswer)
  taken[99]?.reply(anAnswer)
  await setImmediate()
  deepEqual([taken.length, counts.goOn], [355, 1])
  batch.end(null)
  for (const { reply } of taken) reply(anAnswer)
  await setImmediate()
  equal(codes()?.length, 355)
  equal(counts.done, 355)
})

test('nothing is published before its client is known', async () => {
  const { service, taken } = heldService()
  const { batch } = aBatch({ service })
  const shut = new Batch({
    req: { goOn: () => {}, done: () => {}, fail: () => {} },
    splitter: new Splitter(lines(), 100),
    most: 10,
    enter: body => aCall({ body }),
    service,
    ended: () => {},
  })
  equal(shut.take(linesOf(3)), false)
  equal(taken.length, 0)
  shut.open()
  equal(taken.length, 3)
  equal(batch.take(linesOf(1)), true)
})

test('a body that breaks off loses nothing that was whole, and its last line is not sent', async () => {
  const { batch, taken, said, codes } = aBatch()
  batch.take(Buffer.from('1\n2\n3'))
  batch.end(new Problem('request-timeout', 'The body did not arrive.'))
  deepEqual(
    taken.map(({ call }) => Buffer.from(call.body).toString()),
    ['1', '2'],
  )
  equal(said.length, 0)
  for (const { reply } of taken) reply(anAnswer)
  await setImmediate()
  deepEqual(codes(), ['ok', 'ok', 'request-timeout'])
})

test('what is beyond the limit of events is not read, and told once', async () => {
  const { batch, taken, said, codes } = aBatch({ most: 2 })
  batch.take(linesOf(5))
  equal(taken.length, 2)
  for (const { reply } of taken) reply(anAnswer)
  await setImmediate()
  deepEqual([codes(), said.length], [['ok', 'ok', 'too-large'], 1])
})

test('each event has its own outcome, and the strongest is that of all', async () => {
  const enter: BatchParts['enter'] = body => {
    if (body.toString() === 'bad') throw new Problem('invalid-request', 'bad')
    return aCall({ body })
  }
  const { batch, taken, said, codes } = aBatch({ enter })
  batch.take(Buffer.from('1\nbad\n2\n3'))
  batch.end(null)
  const [one, two, three] = taken
  if (one === undefined || two === undefined || three === undefined) throw new Error('Three were to be sent.')
  two.call.progress.outcome = 'in-doubt'
  two.fail(new Problem('publish-timeout', 'silent'))
  one.reply(anAnswer)
  three.fail(new Problem('draining', 'The instance is stopping.'))
  await setImmediate()
  deepEqual(codes(), ['ok', 'invalid-request', 'publish-timeout', 'draining'])
  equal(said[0]?.outcome, 'in-doubt')
  equal(said[0]?.first, one.call)
})

test('events of one key go one after the other, and others do not wait for them', async () => {
  const { batch, taken, codes } = aBatch({
    enter: body => aCall({ body, key: body.subarray(0, 1) }),
  })
  batch.take(Buffer.from('a1\nb1\na2\na3\n'))
  batch.end(null)
  const begun = () => taken.map(({ call }) => Buffer.from(call.body).toString())
  deepEqual(begun(), ['a1', 'b1'])
  taken[0]?.fail(new Problem('broker-unavailable', 'away'))
  await setImmediate()
  deepEqual(begun(), ['a1', 'b1', 'a2'])
  for (let n = 0; n < 4; n++) {
    for (const { reply } of taken) reply(anAnswer)
    await setImmediate()
  }
  deepEqual(
    [begun(), codes()],
    [
      ['a1', 'b1', 'a2', 'a3'],
      ['broker-unavailable', 'ok', 'ok', 'ok'],
    ],
  )
})
