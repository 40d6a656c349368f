import { test } from 'node:test'
import { deepEqual, equal, match, notEqual, ok, throws } from 'node:assert/strict'
import request from 'supertest'
import { Problem } from '../../src/problem.ts'
import { intake } from '../../src/routes/intake.ts'
import { configOf, json, open, wire } from './front.ts'

const route = (over: Record<string, unknown> = {}): Record<string, Record<string, unknown>> => ({
  put: { match: 'PUT /orders/:orderId/lines/:line', command: { to: 'orders', key: 'path.orderId' }, ...over },
})
const target = '/orders/o%201/lines/7?q=a%2fb&q=2'

test('a request becomes the call that it asks for', async t => {
  const asked: unknown[] = []
  const { url, calls } = await open(t, {
    routes: route({ timeoutMs: 2_000, commandTtlMs: 9_000, requestHeaders: ['accept-language', 'x-note'] }),
    partitionFor: (topic, key) => {
      asked.push([topic, Buffer.from(key ?? '').toString()])
      return 11
    },
  })
  const headers = { 'Accept-Language': 'de', 'X-Note': 'gr\u00fcn', 'X-Other': 'stays', Cookie: 'secret' }
  await request(url).put(target).set(headers).type('application/json; charset=utf-8').send('{"a":1}')
  const [call] = calls
  ok(call)
  deepEqual(asked, [['orders.commands', 'o 1']])
  const { id, command, started, deadline, expires, key, body, told, ...rest } = call
  match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  notEqual(String(id), String(command))
  deepEqual([Math.round(deadline - started), Math.round(expires - started)], [2_000, 9_000])
  deepEqual([Buffer.from(key ?? '').toString(), Buffer.from(body).toString()], ['o 1', '{"a":1}'])
  deepEqual(told, {
    method: 'PUT',
    path: '/orders/o%201/lines/7',
    query: 'q=a%2fb&q=2',
    params: [
      ['orderId', 'o 1'],
      ['line', '7'],
    ],
    headers: [
      ['accept-language', 'de'],
      ['x-note', 'gr\u00fcn'],
    ],
    contentType: 'application/json; charset=utf-8',
    trace: [],
  })
  deepEqual(
    [rest.route, rest.worker, rest.topic, rest.partition, rest.client],
    ['put', 'orders', 'orders.commands', 11, '127.0.0.1'],
  )
})

test('an event is served by its topic, and expires with its timeout by default', async t => {
  const { url, calls } = await open(t)
  await request(url).post('/signals').send('x')
  equal(calls[0]?.worker, 'signals')
  equal(calls[0]?.expires, calls[0]?.deadline)
})

test('names of the wire and of the connection are never told, credentials only when the route lists them', async t => {
  const { url, calls } = await open(t, { routes: route({ requestHeaders: ['authorization'] }) })
  const forged = { ce_id: 'x', 'sluice-reply-to': 'x', kafka_replyTopic: 'x', 'http-method': 'x', traceparent: 'x' }
  await request(url).put(target).set(forged).set('Authorization', 'Bearer x').set('Cookie', 'x')
  deepEqual(calls[0]?.told.headers, [['authorization', 'Bearer x']])
  deepEqual(calls[0]?.told.trace, [])
})

test('a route that would pass such names on is refused at start', () => {
  for (const name of ['ce_id', 'sluice-expires', 'kafka_correlationid', 'http-route', 'connection', 'x-fault-token']) {
    const { routes } = configOf(route({ requestHeaders: [name] }))
    const way = { name: 'put', route: routes['put']!, topic: 't', service: async () => json({}) }
    const shared = {
      clientOf: () => '',
      priorityOf: () => 'normal' as const,
      partitionFor: () => 0,
      bodyTimeoutMs: 1,
      entrance: null,
      faultsOf: null,
      tracing: null,
    }
    throws(() => intake(way, shared), { message: `routes.put.requestHeaders: ${name} can never be passed on.` })
  }
})

test('headers to be passed on are 8 KiB at most', async t => {
  const { url, calls } = await open(t, { routes: route({ requestHeaders: ['x-a', 'x-b'] }) })
  const answer = await request(url).put(target).set('x-a', 'a'.repeat(4_100)).set('x-b', 'b'.repeat(4_100))
  equal(answer.status, 431)
  equal((await request(url).put(target).set('x-a', 'a'.repeat(8_000))).status, 200)
  equal(calls.length, 1)
})

test('another content type than those of the route is refused, none with a body too', async t => {
  const { url, front } = await open(t, { routes: route({ contentTypes: ['application/json'] }) })
  const put = (type: string): request.Test => request(url).put(target).type(type).send('{}')
  for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON ;x=y'])
    equal((await put(type)).status, 200, type)
  const answer = await put('text/plain')
  equal(answer.status, 415)
  equal((answer.body as { detail: string }).detail, 'The route takes application/json.')
  const client = wire(front)
  client.send(`PUT ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`)
  equal((await client.answer()).status, 415)
  client.send(`PUT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
  equal((await client.answer()).status, 200)
})

test('the client waits the least of the timeout, Prefer and the header that the route names', async t => {
  const { url, calls } = await open(t, { routes: route({ timeoutMs: 5_000, deadlineHeader: 'x-timeout-ms' }) })
  const waits = async (headers: Record<string, string>): Promise<readonly unknown[]> => {
    const answer = await request(url).put(target).set(headers)
    const call = calls.at(-1)
    return [
      Math.round(call!.deadline - call!.started),
      Math.round(call!.expires - call!.started),
      answer.headers['preference-applied'],
    ]
  }
  deepEqual(await waits({}), [5_000, 5_000, undefined])
  deepEqual(await waits({ Prefer: 'wait=2' }), [2_000, 5_000, 'wait=2'])
  deepEqual(await waits({ Prefer: 'respond-async, wait="3"; x=y' }), [3_000, 5_000, 'wait=3'])
  deepEqual(await waits({ Prefer: 'wait=5' }), [5_000, 5_000, 'wait=5'])
  deepEqual(await waits({ Prefer: 'wait=6' }), [5_000, 5_000, undefined])
  deepEqual(await waits({ Prefer: 'wait=x' }), [5_000, 5_000, undefined])
  deepEqual(await waits({ 'X-Timeout-Ms': '250' }), [250, 5_000, undefined])
  deepEqual(await waits({ 'X-Timeout-Ms': '250', Prefer: 'wait=2' }), [250, 5_000, 'wait=2'])
  const answer = await request(url).put(target).set('X-Timeout-Ms', '1e3')
  equal(answer.status, 400)
  match((answer.body as { detail: string }).detail, /x-timeout-ms is no whole number of milliseconds/)
})

test('a valid trace context travels on', async t => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { url, calls } = await open(t)
  await request(url).get('/orders/1').set({ traceparent, tracestate: 'a=1', baggage: 'k=v' })
  deepEqual(calls[0]?.told.trace, [
    ['traceparent', traceparent],
    ['tracestate', 'a=1'],
    ['baggage', 'k=v'],
  ])
})

test('a key that is missing, and a partition that there is not, are answered with nothing sent', async t => {
  const { url, calls } = await open(t, {
    partitionFor: () => {
      throw new Problem('not-ready', 'The metadata of orders.commands is unknown.', { retryAfterMs: 1_500 })
    },
  })
  const missing = await request(url).post('/orders').send({ amount: 1 })
  equal(missing.status, 400)
  equal((missing.body as { detail: string }).detail, 'The key body.orderId is missing.')
  const unready = await request(url).post('/orders').send({ orderId: 'o-1' })
  equal(unready.status, 503)
  deepEqual([unready.headers['retry-after'], unready.headers['sluice-outcome']], ['2', 'not-sent'])
  equal(calls.length, 0)
})

test('behind a trusted proxy the client is the one that it names', async t => {
  const { url, calls } = await open(t, { server: { trustedProxies: ['127.0.0.1'] } })
  await request(url).get('/orders/1').set('X-Forwarded-For', '6.6.6.6, 203.0.113.9')
  equal(calls[0]?.client, '203.0.113.9')
})

test('nobody’s prototype is changed by names and bodies', async t => {
  const before = Object.getOwnPropertyNames(Object.prototype)
  const { url, calls } = await open(t, {
    routes: { ...route(), any: { match: 'POST /any/:id', command: { to: 'orders', key: 'body.id' } } },
  })
  await request(url)
    .put('/orders/__proto__/lines/constructor?__proto__[x]=y')
    .set('__proto__', 'x')
    .set('constructor', 'y')
  deepEqual(calls[0]?.told.params, [
    ['orderId', '__proto__'],
    ['line', 'constructor'],
  ])
  const body = '{"id":"a","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
  equal((await request(url).post('/any/toString').type('json').send(body)).status, 200)
  deepEqual(Object.getOwnPropertyNames(Object.prototype), before)
  equal(({} as Record<string, unknown>)['polluted'], undefined)
})
