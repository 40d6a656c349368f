import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { marksOf } from '../../src/bridge/mark.ts'
import { marked } from '../../src/bridge/marked.ts'
import { aCall } from '../help/call.ts'

test('an answer is marked with the topic of its command, beside what it says already', async () => {
  const call = aCall()
  const reply = { status: 200, headers: [], body: Buffer.alloc(0), own: [['Age', '1']] as const }
  const { own } = await marked(
    () => Promise.resolve(reply),
    () => 5,
  )(call)
  deepEqual(own?.[0], ['Age', '1'])
  const [mark] = marksOf(own?.[1]?.[1] ?? '')
  equal(mark?.topic, call.topic)
  equal(mark?.next, 0)
  equal(mark?.log, 5)
})
