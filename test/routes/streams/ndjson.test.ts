import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Told } from '../../../src/feed.ts'
import { messages, ndjson } from '../../../src/routes/streams/ndjson.ts'

const told = (over: Partial<Told>): Told => ({
  id: 'p1',
  topic: 't',
  partition: 0,
  offset: 0n,
  time: 0 as Told['time'],
  key: 'k',
  headers: [],
  kind: 'json',
  text: '{"n":1}',
  ...over,
})

test('a line is one JSON object with the position, and the value as it is', () => {
  equal(ndjson.record(told({})).toString(), '{"id":"p1","data":{"n":1}}\n')
  const big = '{"n":12345678901234567890}'
  equal(messages.record(told({ text: big })), `{"id":"p1","data":${big}}`)
  deepEqual(JSON.parse(messages.record(told({ kind: 'text', text: 'a\n"b"' }))), { id: 'p1', data: 'a\n"b"' })
  deepEqual(JSON.parse(messages.record(told({ kind: 'bytes', text: '/w==' }))), {
    id: 'p1',
    event: 'bytes',
    data: '/w==',
  })
  deepEqual(JSON.parse(messages.record(told({ kind: 'tombstone', text: '' }))), {
    id: 'p1',
    event: 'tombstone',
    key: 'k',
  })
})

test('what is no record has an event, but for a beat', () => {
  deepEqual(JSON.parse(messages.beat('p2')), { id: 'p2' })
  deepEqual(JSON.parse(messages.beat(null)), {})
  deepEqual(JSON.parse(messages.lagging()), { event: 'lagging' })
  deepEqual(JSON.parse(messages.end(5)), { event: 'end', retryMs: 5 })
  deepEqual(JSON.parse(messages.end(null)), { event: 'end' })
  const gap = { id: 'p', topic: 't', partition: 0, missed: 3, reason: 'retention' } as const
  deepEqual(JSON.parse(ndjson.gap(gap).toString()), {
    id: 'p',
    event: 'gap',
    data: { topic: 't', partition: 0, missed: 3, reason: 'retention' },
  })
})
