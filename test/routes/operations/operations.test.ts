import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { Resources, Seen } from '../../../src/bridge/operations/index.ts'
import { Problem } from '../../../src/problem.ts'
import { edge } from '../../../src/routes/edge.ts'
import { serve } from '../../../src/routes/server.ts'
import { client } from '../../help/ask.ts'
import { anAnswer } from '../../help/call.ts'
import { configOf } from '../front.ts'

const seen = (over: Partial<Seen> = {}): Seen => ({
  state: { id: 'o-1', state: 'completed', route: 'pay', created: '', expires: '' },
  version: 7,
  answer: {
    ...anAnswer,
    status: 201,
    headers: [
      ['location', '/x'],
      ['etag', '"theirs"'],
      ['secret', 'x'],
    ],
  },
  told: [],
  outcome: 'sent',
  ...over,
})

/** A listener with nothing but operations. */
async function shown(t: TestContext, over: Partial<Resources> = {}) {
  const { server } = configOf({})
  const operations: Resources = {
    path: '/operations',
    find: async (_client, id) => (id === 'o-1' ? seen() : null),
    list: () => [],
    until: async () => seen(),
    cancel: async () => seen(),
    ...over,
  }
  const routes = { pay: { replyHeaders: ['location', 'etag'] } }
  const front = await serve(
    server,
    edge({ ways: [], server, partitionFor: () => 0, operations: { operations, routes, streams: 2 } }),
  )
  const { ask, ...held } = client(`http://127.0.0.1:${front.port}`)
  t.after(async () => {
    held[Symbol.dispose]()
    await front.close(0)
  })
  return ask
}

test('of the stored reply those headers pass that pass on its route; its ETag is that of the operation', async t => {
  const ask = await shown(t)
  const { status, headers, outcome } = await ask('/operations/o-1')
  deepEqual([status, headers.location, headers.etag, headers['secret'], outcome], [201, '/x', '"7"', undefined, 'sent'])
})

test('what the client knows already is 304, weakly compared', async t => {
  const ask = await shown(t)
  for (const tags of ['"7"', 'W/"7"', '"1", "7"', '*'])
    equal((await ask('/operations/o-1', { headers: { 'if-none-match': tags } })).status, 304, tags)
  equal((await ask('/operations/o-1', { headers: { 'if-none-match': '"8"' } })).status, 201)
})

test('an operation that failed is answered with its problem', async t => {
  const failed = seen({ answer: new Problem('operation-expired', 'x') })
  const ask = await shown(t, { find: async () => failed })
  const { status, code, headers } = await ask('/operations/o-1')
  deepEqual([status, code, headers.etag], [410, 'operation-expired', '"7"'])
})

test('what nobody has is 404, and other methods are 405', async t => {
  const ask = await shown(t)
  equal((await ask('/operations/o-2')).code, 'unknown-operation')
  equal((await ask('/operations', { method: 'PUT', body: {} })).status, 405)
})

test('a wait that is asked for is waited, and said', async t => {
  const asked: number[] = []
  const ask = await shown(t, {
    until: async (_id, _wanted, ms) => {
      asked.push(ms)
      return seen()
    },
  })
  const { headers } = await ask('/operations/o-1', { headers: { prefer: 'wait=3' } })
  deepEqual([asked, headers['preference-applied']], [[3_000], 'wait=3'])
  await ask('/operations/o-1', { headers: { prefer: 'wait=3600' } })
  equal(asked.length, 1, 'longer than is offered: not honoured')
})
