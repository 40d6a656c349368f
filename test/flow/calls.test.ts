import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { httpServer } from '../help/httpserver.ts'
import { until } from '../help/until.ts'

const token = 'the-token-of-these-tests'
const authorization = `Bearer ${token}`
type Life = Readonly<{
  status: number | null
  code: string | null
  steps: readonly Readonly<{ atMs: number; step: string; detail: string }>[]
}>
const stepsOf = ({ steps }: Life): readonly string[] => steps.map(({ step }) => step)

test('the life of a call is told step by step, while it runs and afterwards', async t => {
  const { ask, admin, worker } = await aGateway(t)
  const asking = ask('/orders', { body: anOrder })
  const command = await worker.next()
  type Told = Readonly<{
    waiting: Readonly<{ total: number; calls: readonly Readonly<{ id: string; waits: string }>[] }>
  }>
  const { waiting } = (await admin.ask('/calls')).json as Told
  deepEqual([waiting.total, waiting.calls[0]!.waits], [1, 'reply'])
  const running = (await admin.ask(`/calls/${waiting.calls[0]!.id}`)).json as Life
  deepEqual([running.status, stepsOf(running)], [null, ['received', 'sent', 'acknowledged', 'waiting']])
  await command.reply({ status: 201 })
  const { headers } = await asking
  const life = (await admin.ask(`/calls/urn:uuid:${headers['sluice-call-id']}`)).json as Life
  deepEqual([life.status, stepsOf(life)], [201, ['received', 'sent', 'acknowledged', 'replied', 'answered']])
  match(life.steps[1]!.detail, /^to orders\.commands\[\d+\]$/)
  const times = life.steps.map(({ atMs }) => atMs)
  deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test('a problem names its call, by a URL where operators have one, and the call names the policy', async t => {
  const { ask, admin } = await aGateway(t, {
    admin: { url: 'https://ops.example/one/' },
    routes: { 'place-order': { quota: { requests: 1, windowMs: 60_000 } } },
  })
  const leave = AbortSignal.timeout(20)
  await ask('/orders', { body: anOrder, signal: leave }).catch(() => {})
  const { json } = await ask('/orders', { body: anOrder })
  const [, id] = /^https:\/\/ops\.example\/one\/calls\/([\w-]+)$/.exec(String(json['instance'])) ?? []
  const life = (await admin.ask(`/calls/${id}`)).json as Life
  deepEqual([life.status, life.code], [429, 'rate-limited'])
  ok(stepsOf(life).includes('refused by quota'))
})

test('an operator ends the wait of a call for its reply or for a slot, and its slot is free', async t => {
  const { ask, admin, worker } = await aGateway(t, {
    admin: { token },
    workers: { orders: { bulkhead: { slots: 1, queue: 10 } } },
    routes: { 'place-order': { timeoutMs: 60_000 } },
  })
  const [first, second, third] = [0, 1, 2].map(n => ask('/orders', { body: { ...anOrder, orderId: `o-${n}` } }))
  type Told = Readonly<{ waiting: Readonly<{ calls: readonly Readonly<{ id: string; waits: string }>[] }> }>
  const told = async () => ((await admin.ask('/calls')).json as Told).waiting.calls
  await until('two wait for a slot', async () => (await told()).filter(({ waits }) => waits === 'slot').length === 2)
  const calls = await told()
  const cancel = (id: string) => admin.ask(`/calls/${id}`, { method: 'DELETE', headers: { authorization } })
  equal((await cancel(calls[1]!.id)).status, 200)
  equal((await cancel(calls[0]!.id)).status, 200)
  const [a, b] = [await first!, await second!]
  deepEqual([a.code, a.outcome, b.code, b.outcome], ['cancelled', 'sent', 'cancelled', 'not-sent'])
  await worker.next() // what was sent goes on
  await (await worker.next()).reply({ status: 201 })
  equal((await third!).status, 201)
  equal((await cancel(calls[0]!.id)).status, 404)
})

test('what is not remembered is not known', async t => {
  const { ask, admin, worker } = await aGateway(t, { admin: { calls: 0 } })
  worker.always(command => void command.reply())
  const { headers } = await ask('/orders', { body: anOrder })
  equal((await admin.ask(`/calls/${headers['sluice-call-id']}`)).status, 404)
})

test('a call that waits for a domain event is told, and ended, too', async t => {
  const replies = { topic: 'orders.events', outcomes: { OrderPlaced: 201 } }
  const { ask, admin } = await aGateway(t, {
    admin: { token },
    routes: { 'place-order': { timeoutMs: 60_000, replies } },
  })
  const asking = ask('/orders', { body: anOrder })
  type Told = Readonly<{ waiting: Readonly<{ calls: readonly Readonly<{ id: string }>[] }> }>
  const [call] = await until('it waits', async () => {
    const { calls } = ((await admin.ask('/calls')).json as Told).waiting
    return calls.length > 0 ? calls : null
  })
  equal((await admin.ask(`/calls/${call!.id}`, { method: 'DELETE', headers: { authorization } })).status, 200)
  equal((await asking).code, 'cancelled')
})

test('a call that waits for an upstream is told, and ended, too', async t => {
  const server = await httpServer(t, ({ method }, res) => (method === 'GET' ? undefined : void res.end('{}')))
  const { ask, admin } = await aGateway(t, {
    admin: { token },
    upstreams: { shop: { urls: [server.url] } },
    routes: {
      teapots: { match: 'GET /teapots', upstream: { to: 'shop' }, timeoutMs: 60_000 },
      teapot: { match: 'PUT /teapots', upstream: { to: 'shop' } },
    },
  })
  const asking = ask('/teapots')
  type Told = Readonly<{
    waiting: Readonly<{ calls: readonly Readonly<{ id: string; waits: string; worker: string }>[] }>
  }>
  const [call] = await until('it waits', async () => {
    const { calls } = ((await admin.ask('/calls')).json as Told).waiting
    return calls.length > 0 ? calls : null
  })
  deepEqual([call!.waits, call!.worker], ['upstream', 'shop'])
  deepEqual(stepsOf((await admin.ask(`/calls/${call!.id}`)).json as Life), ['received', 'called', 'waiting'])
  equal((await admin.ask(`/calls/${call!.id}`, { method: 'DELETE', headers: { authorization } })).status, 200)
  equal((await asking).code, 'cancelled')
  deepEqual(((await admin.ask('/calls')).json as Told).waiting.calls, [])
  const { headers } = await ask('/teapots', { method: 'PUT', body: {} })
  const life = (await admin.ask(`/calls/${headers['sluice-call-id']}`)).json as Life
  deepEqual([life.status, stepsOf(life)], [200, ['received', 'called', 'returned', 'answered']])
})
