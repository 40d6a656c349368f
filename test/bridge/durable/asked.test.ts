import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { checkJson, cursorOf, isJson, isText, readingOf, stepOf, tokenOf } from '../../../src/bridge/durable/asked.ts'
import { aCall } from '../../help/call.ts'

const asked = (
  query: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
  contentType: string | null = 'application/json',
) => {
  const call = aCall({ body: Buffer.from(body) })
  return { ...call, told: { ...call.told, query, headers: Object.entries(headers), contentType } }
}

test('offsets sort as text as they do in the log', () => {
  for (const log of [0, 1, 1_048_576]) {
    const tokens = [0, 9, 10, 123_456_789, 9_007_199_254_740_991].map(offset => tokenOf(offset, log))
    deepEqual(
      tokens.toSorted((a, b) => (a < b ? -1 : 1)),
      tokens,
    )
  }
})

test('where and how is read is said by the query', () => {
  deepEqual(readingOf(asked('')), { place: { at: 'start' }, live: 'no', cursor: null })
  deepEqual(readingOf(asked('offset=now&live=sse&cursor=7')), { place: { at: 'now' }, live: 'sse', cursor: '7' })
  for (const log of [0, 1, 1_048_576])
    deepEqual(readingOf(asked(`offset=${tokenOf(7, log)}`)).place, { at: 'offset', offset: 7, log })
  for (const query of [
    'live=sse',
    'live=x&offset=-1',
    'offset=',
    'offset=1,2',
    'offset=-1&offset=-1',
    'offset=7',
    `offset=${tokenOf(7, 1)}0`,
  ])
    throws(() => readingOf(asked(query)), { code: 'invalid-request' })
})

test('what an append must say is asked for', () => {
  equal(stepOf(asked('', {}, '{}'), 'append').value?.toString(), '{}')
  deepEqual(stepOf(asked('', { 'stream-closed': 'true' }, '', null), 'append').closes, true)
  for (const call of [
    asked('', {}, ''),
    asked('', {}, '{}', null),
    asked('', { 'producer-id': 'p' }, '{}'),
    asked('', { 'producer-id': '', 'producer-epoch': '0', 'producer-seq': '0' }, '{}'),
    asked('', { 'producer-id': 'p', 'producer-epoch': '-1', 'producer-seq': '0' }, '{}'),
    asked('', { 'stream-ttl': '01' }, '{}'),
    asked('', { 'stream-expires-at': 'soon' }, '{}'),
  ])
    throws(() => stepOf(call, 'append'), { code: 'invalid-request' })
  throws(() => stepOf(asked('', { 'stream-ttl': '60' }), 'create'), { code: 'stream-unsupported' })
})

test('JSON must be some, and an append at least one message', () => {
  const step = (body: string, kind: 'create' | 'append' = 'append') => checkJson(stepOf(asked('', {}, body), kind))
  equal(step('[[]]').value?.toString(), '[[]]')
  equal(step('[]', 'create').value, null)
  for (const body of ['{', '[]']) throws(() => step(body), { code: 'invalid-request' })
})

test('types of JSON and of text are known', () => {
  deepEqual(['application/json; charset=utf-8', 'application/vnd.x+json', 'text/json', 'image/png'].map(isJson), [
    true,
    true,
    false,
    false,
  ])
  deepEqual(['application/json', 'text/csv', 'image/png'].map(isText), [true, true, false])
})

test('a cursor grows with time and is never one that was there before', () => {
  const at = 1_728_432_000_000 + 60_000
  equal(cursorOf(null, at), '3')
  equal(cursorOf('2', at), '3')
  equal(
    cursorOf('3', at, () => 0),
    '4',
  )
  equal(cursorOf('none', at), '3')
})
