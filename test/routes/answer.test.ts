import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import request from 'supertest'
import { Problem } from '../../src/problem.ts'
import { frozenClock } from '../help/clock.ts'
import { json, open, wire } from './front.ts'

test('a reply is the answer, and is told of once', async t => {
  const { url, finished, calls } = await open(t, {
    service: async call => {
      Object.assign(call.progress, { outcome: 'sent', sendings: 1, publishMs: 1, workerMs: 2 })
      return {
        status: 201,
        headers: [
          ['content-type', 'application/json'],
          ['location', '/orders/o-1'],
          ['x-inner', 'x'],
        ],
        body: Buffer.from('{"a":1}'),
      }
    },
  })
  const answer = await request(url).post('/orders').send({ orderId: 'o-1' })
  deepEqual([answer.status, answer.body], [201, { a: 1 }])
  deepEqual([answer.headers['location'], answer.headers['x-inner']], ['/orders/o-1', undefined])
  deepEqual([answer.headers['sluice-outcome'], answer.headers['sluice-call-id']], ['sent', calls[0]?.id])
  match(answer.headers['server-timing'] as string, /^publish;dur=1\.0, worker;dur=2\.0, total;dur=\d+\.\d$/)
  equal(answer.headers['x-powered-by'], undefined)
  equal(finished.length, 1)
  const [{ ms, ...rest } = { ms: -1 }] = finished
  deepEqual(rest, {
    call: calls[0],
    id: calls[0]?.id,
    route: 'place-order',
    method: 'POST',
    status: 201,
    outcome: 'sent',
    problem: null,
    clientGone: false,
  })
  equal(ms >= 0 && ms < 10_000, true)
})

test('a problem is the answer, with the strongest outcome of what was sent', async t => {
  const { url, finished } = await open(t, {
    service: async call => {
      call.progress.outcome = 'in-doubt'
      throw new Problem('deadline-exceeded', 'Too late.', { policy: 'deadline' })
    },
  })
  const answer = await request(url).post('/orders').send({ orderId: 'o-1' })
  equal(answer.status, 504)
  equal(answer.headers['sluice-outcome'], 'in-doubt')
  const { code, outcome, policy, detail } = answer.body as Record<string, string>
  deepEqual([code, outcome, policy, detail], ['deadline-exceeded', 'in-doubt', 'deadline', 'Too late.'])
  deepEqual([finished[0]?.outcome, finished[0]?.problem?.code], ['in-doubt', 'deadline-exceeded'])
})

test('a defect of ours is in doubt once a call was made, and keeps its cause to itself', async t => {
  const cause = new TypeError('canary')
  const { url, finished } = await open(t, { service: () => Promise.reject(cause) })
  const answer = await request(url).post('/orders').send({ orderId: 'o-1' })
  deepEqual([answer.status, answer.headers['sluice-outcome']], [500, 'in-doubt'])
  equal(/canary|node:|\.ts/.test(JSON.stringify([answer.body, answer.headers])), false)
  equal(finished[0]?.problem?.cause, cause)
})

test('a defect before there was a call sent nothing', async t => {
  const { url } = await open(t, {
    partitionFor: () => {
      throw new TypeError('canary')
    },
  })
  const answer = await request(url).post('/orders').send({ orderId: 'o-1' })
  deepEqual([answer.status, answer.headers['sluice-outcome']], [500, 'not-sent'])
})

test('a reply that HTTP cannot carry is a bad reply, told of once', async t => {
  const { url, finished } = await open(t, {
    service: async call => {
      call.progress.outcome = 'sent'
      return { ...json({}), headers: [['location', 'a\r\nX-Evil: b']] }
    },
  })
  const answer = await request(url).get('/orders/1')
  deepEqual([answer.status, answer.headers['sluice-outcome'], answer.headers['x-evil']], [502, 'sent', undefined])
  deepEqual(
    finished.map(({ status, problem }) => [status, problem?.code]),
    [[502, 'bad-reply']],
  )
})

test('replies of every size arrive as they are', async t => {
  const { url } = await open(t, {
    service: async call => ({ ...json({}), body: Buffer.alloc(Number(call.told.query), 0xe9) }),
  })
  for (const size of [0, 1, 16_384, 16_385, 1_000_000]) {
    const bytes = new Uint8Array(await (await fetch(`${url}/orders/1?${size}`)).arrayBuffer())
    equal(bytes.length, size)
    equal(
      bytes.every(byte => byte === 0xe9),
      true,
    )
  }
})

const many = (count: number): string => 'GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(count)

test('of many requests that are there a turn of the event loop begins 128', async t => {
  frozenClock(t)
  const { front, calls } = await open(t)
  const client = wire(front)
  client.send(many(300))
  const seen = new Set<number>()
  while (calls.length < 300) {
    await setImmediate()
    if (calls.length > 0) seen.add(calls.length)
  }
  deepEqual([...seen], [128, 256, 300])
  for (let i = 0; i < 300; i++) equal((await client.answer()).status, 200)
})

test('who leaves while a request waits for its turn makes no call', async t => {
  frozenClock(t)
  const { front, calls, finished } = await open(t, { service: () => new Promise(() => {}) })
  const client = wire(front)
  client.send(many(1_000))
  while (calls.length === 0) await setImmediate()
  client.socket.resetAndDestroy()
  const never = (): number => finished.filter(({ call }) => !calls.includes(call as never)).length
  while (calls.length + never() < 1_000) await setImmediate()
  ok(calls.length < 600, `${calls.length} calls`)
  equal(calls.filter(({ signal }) => !signal.aborted).length, 0)
  for (const { status, outcome, clientGone } of finished)
    deepEqual([status, outcome, clientGone], [499, 'not-sent', true])
})
