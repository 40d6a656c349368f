import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Resources, Seen } from '../../../src/bridge/operations/index.ts'
import { edge } from '../../../src/routes/edge.ts'
import { serve } from '../../../src/routes/server.ts'
import { client } from '../../help/ask.ts'
import { anAnswer } from '../../help/call.ts'
import { configOf } from '../front.ts'

const told = [
  { id: 3, kind: 'accepted', data: {}, last: false },
  { id: 8, kind: 'completed', data: { status: 200 }, last: true },
] as const
const seen: Seen = {
  outcome: 'sent',
  state: { id: 'o-1', state: 'completed', route: 'pay', created: '', expires: '' },
  version: 8,
  answer: anAnswer,
  told,
}

async function shown(t: TestContext, streams = 2) {
  const { server } = configOf({})
  const operations: Resources = {
    path: '/operations',
    find: async () => seen,
    list: () => [],
    until: async () => null,
    cancel: async () => seen,
  }
  const options = { ways: [], server, partitionFor: () => 0, operations: { operations, routes: {}, streams } }
  const front = await serve(server, edge(options))
  const { ask, ...held } = client(`http://127.0.0.1:${front.port}`)
  t.after(async () => {
    held[Symbol.dispose]()
    await front.close(0)
  })
  return { ask, front }
}

test('all that is remembered is told, and the stream ends with the operation', async t => {
  const { ask } = await shown(t)
  const { headers, text, outcome } = await ask('/operations/o-1/events')
  deepEqual([headers['content-type'], headers['cache-control'], outcome], ['text/event-stream', 'no-store', 'sent'])
  deepEqual(text.split('\n\n'), [
    'retry: 1000',
    'id: 3\nevent: accepted\ndata: {}',
    'id: 8\nevent: completed\ndata: {"status":200}',
    '',
  ])
})

test('who comes again gets what is new, and 204 when there is nothing more', async t => {
  const { ask } = await shown(t)
  const { text } = await ask('/operations/o-1/events', { headers: { 'last-event-id': '3' } })
  equal(text.includes('accepted'), false)
  equal((await ask('/operations/o-1/events', { headers: { 'last-event-id': '8' } })).status, 204)
  equal((await ask('/operations/o-1/events', { headers: { 'last-event-id': '-1' } })).code, 'invalid-request')
})

test('more streams than there may be are refused', async t => {
  const { ask } = await shown(t, 0)
  equal((await ask('/operations/o-1/events')).code, 'stream-full')
})
