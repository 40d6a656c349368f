import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import type { Told } from '../../../src/feed.ts'
import { sse } from '../../../src/routes/streams/sse.ts'

const told = (over: Partial<Told>): Told => ({
  id: 'p1',
  topic: 't',
  partition: 0,
  offset: 0n,
  time: 0 as Told['time'],
  key: null,
  headers: [],
  kind: 'text',
  text: '',
  ...over,
})
const written = (over: Partial<Told>): string => sse.record(told(over)).toString()

test('each line of a value is a line of data, whichever way it breaks', () => {
  equal(written({ text: 'a\nb\r\nc\rd' }), 'id: p1\ndata: a\ndata: b\ndata: c\ndata: d\n\n')
  equal(written({ text: '\n' }), 'id: p1\ndata: \ndata: \n\n')
  equal(written({ text: '' }), 'id: p1\ndata: \n\n')
  equal(written({ text: 'id: forged\n\nevent: x' }), 'id: p1\ndata: id: forged\ndata: \ndata: event: x\n\n')
})

test('a key with line breaks cannot forge an event', () => {
  equal(
    written({ kind: 'tombstone', key: 'k\n\nevent: x' }),
    'id: p1\nevent: tombstone\ndata: k\ndata: \ndata: event: x\n\n',
  )
})

test('a beat moves the position and is no event; without a position it is a comment', () => {
  equal(sse.beat('p2').toString(), 'id: p2\n\n')
  equal(sse.beat(null).toString(), ':\n\n')
})

test('the end says when to come again', () => {
  equal(sse.end(1_500).toString(), 'retry: 1500\n\n')
  equal(sse.end(null).toString(), 'event: end\ndata: {}\n\n')
})

test('a gap says how many offsets are missing', () => {
  const gap = sse.gap({ id: 'p3', topic: 't', partition: 1, missed: 7, reason: 'retention' }).toString()
  equal(gap, 'id: p3\nevent: gap\ndata: {"topic":"t","partition":1,"missed":7,"reason":"retention"}\n\n')
})
