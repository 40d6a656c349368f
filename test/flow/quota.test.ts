import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'

const quota = { requests: 3, windowMs: 60_000 }

test('beyond its quota a client gets 429 with when to come back, and the worker gets nothing', async t => {
  const { ask, admin, worker } = await aGateway(t, { routes: { 'place-order': { quota } } })
  worker.always(command => void command.reply({ status: 201 }))
  for (const left of [2, 1, 0]) {
    const { status, headers } = await ask('/orders', { body: anOrder })
    equal(status, 201)
    match(String(headers['ratelimit']), new RegExp(`^"default";r=${left};t=\\d+$`))
    equal(headers['ratelimit-policy'], '"default";q=3;w=60')
  }
  const refused = await ask('/orders', { body: anOrder })
  equal(refused.status, 429)
  equal(refused.code, 'rate-limited')
  equal(refused.outcome, 'not-sent')
  equal(refused.headers['content-type'], 'application/problem+json')
  equal(refused.json['type'], 'https://iana.org/assignments/http-problem-types#quota-exceeded')
  deepEqual(refused.json['violated-policies'], ['default'])
  equal(refused.json['policy'], 'quota')
  match(String(refused.headers['ratelimit']), /^"default";r=0;t=\d+$/)
  equal(refused.headers['ratelimit-policy'], '"default";q=3;w=60')
  const retryAfter = Number(refused.headers['retry-after'])
  ok(retryAfter >= 18 && retryAfter <= 20, `a third of the window, but ${retryAfter}`)
  ok(Math.abs(retryAfter - Number(refused.json['retryAfterMs']) / 1_000) <= 1)
  equal(worker.commands.length, 3)
  equal((await admin.metrics()).sum('sluice_refusals_total', { policy: 'quota', route: 'place-order' }), 1)
})

test('a route without a quota says nothing of one, and another route has its own', async t => {
  const { ask, worker } = await aGateway(t, { routes: { 'place-order': { quota: { ...quota, requests: 1 } } } })
  worker.always(command => void command.reply({}))
  equal((await ask('/orders', { body: anOrder })).status, 200)
  equal((await ask('/orders', { body: anOrder })).status, 429)
  const other = await ask('/orders/o-1')
  equal(other.status, 200)
  equal(other.headers['ratelimit'], undefined)
})

test('whoever waits as long as he was told is served', async t => {
  const { ask, worker } = await aGateway(t, {
    routes: { 'place-order': { quota: { requests: 2, windowMs: 200 } } },
  })
  worker.always(command => void command.reply({}))
  for (let i = 0; i < 2; i++) equal((await ask('/orders', { body: anOrder })).status, 200)
  const refused = await ask('/orders', { body: anOrder })
  equal(refused.status, 429)
  const waitMs = Number(refused.json['retryAfterMs'])
  ok(waitMs > 0 && waitMs <= 100, `${waitMs} ms`)
  await new Promise(resolve => setTimeout(resolve, waitMs + 1)) // what is told is what is tested
  equal((await ask('/orders', { body: anOrder })).status, 200)
})

test('behind a trusted proxy each client has its own quota, and nobody takes another name', async t => {
  const routes = { 'place-order': { quota: { ...quota, requests: 1 } } }
  const trusting = await aGateway(t, { server: { trustedProxies: ['127.0.0.0/8'] }, routes })
  trusting.worker.always(command => void command.reply({}))
  const from = async ({ ask }: typeof trusting, headers: Record<string, string>): Promise<number> =>
    (await ask('/orders', { body: anOrder, headers })).status
  equal(await from(trusting, { 'x-forwarded-for': '192.0.2.1' }), 200)
  equal(await from(trusting, { 'x-forwarded-for': '192.0.2.1' }), 429)
  equal(await from(trusting, { 'x-forwarded-for': '192.0.2.2' }), 200)
  equal(await from(trusting, { forwarded: 'for="[2001:db8::1]:4711"' }), 200)
  equal(await from(trusting, { forwarded: 'for="[2001:db8::1]:4712"' }), 429)
  equal(await from(trusting, { 'x-forwarded-for': '203.0.113.9, 192.0.2.1' }), 429, 'what the client wrote itself')

  const wary = await aGateway(t, { routes })
  wary.worker.always(command => void command.reply({}))
  equal(await from(wary, { 'x-forwarded-for': '192.0.2.1' }), 200)
  equal(await from(wary, { 'x-forwarded-for': '192.0.2.2' }), 429)
})

test('what a worker may get in total is refused with 429, whichever client it is', async t => {
  const { ask, worker } = await aGateway(t, {
    server: { trustedProxies: ['127.0.0.0/8'] },
    workers: { orders: { quota: { requests: 5, windowMs: 60_000 } } },
  })
  worker.always(command => void command.reply({}))
  const statuses: number[] = []
  for (let i = 0; i < 8; i++)
    statuses.push((await ask('/orders', { body: anOrder, headers: { 'x-forwarded-for': `192.0.2.${i}` } })).status)
  deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429, 429])
  const refused = await ask('/orders', { body: anOrder })
  deepEqual(refused.json['violated-policies'], ['orders'])
  equal(worker.commands.length, 5)
})

test('of several windows, in requests and bytes, the one that refuses is named and says when to come back', async t => {
  const windows = [
    { name: 'burst', requests: 2, windowMs: 10_000 },
    { name: 'long', requests: 10, bytes: 4_000, windowMs: 60_000 },
  ]
  const { ask, worker } = await aGateway(t, { routes: { 'place-order': { quota: { windows } } } })
  worker.always(command => void command.reply({}))
  const order = { ...anOrder, note: 'x'.repeat(1_900) }
  const first = await ask('/orders', { body: order })
  equal(first.status, 200)
  match(String(first.headers['ratelimit']), /^"burst";r=1;t=5, "long";r=9;t=6, "long-bytes";r=20\d\d;t=\d+$/)
  equal(
    first.headers['ratelimit-policy'],
    '"burst";q=2;w=10, "long";q=10;w=60, "long-bytes";q=4000;qu="content-bytes";w=60',
  )
  equal((await ask('/orders', { body: order })).status, 200)
  const both = await ask('/orders', { body: order })
  equal(both.status, 429)
  deepEqual(both.json['violated-policies'], ['long-bytes', 'burst'])
  equal(both.json['limit'], 4_000)
  ok(Number(both.json['observed']) > 5_700)
  ok(Number(both.headers['retry-after']) > 20, String(both.headers['retry-after']))
  const short = await ask('/orders', { body: anOrder })
  deepEqual(short.json['violated-policies'], ['burst'])
  ok(Number(short.headers['retry-after']) <= 5, String(short.headers['retry-after']))
})
