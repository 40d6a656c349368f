import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { serve } from '../../src/worker/serve.ts'
import type { CommandHandler } from '../../src/worker/options.ts'
import { anOrder, openGateway } from '../help/gateway.ts'
import type { Opened } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const over = {
  workers: { orders: { cancel: true } },
  routes: { 'place-order': { async: 'offer', commandTtlMs: 60_000, command: { to: 'orders', key: null } } },
}
const respondAsync = { body: anOrder, headers: { prefer: 'respond-async' } }

/** A gateway with a worker of the library. */
async function working(t: TestContext, handler: CommandHandler, concurrency = 8): Promise<Opened> {
  const opened = await openGateway(t, over)
  await opened.gateway.ready
  const { broker } = opened
  const serving = await serve({ broker, topic: 'orders.commands', group: 'long', concurrency, stopMs: 0 }, handler)
  t.after(() => serving.close())
  return opened
}

/** Listens to server-sent events. */
async function listening(url: string, headers: Record<string, string> = {}) {
  const req = get(url, { headers })
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  let text = ''
  res.setEncoding('utf8').on('data', chunk => (text += chunk))
  const events = () =>
    text
      .split('\n\n')
      .filter(one => one.includes('data: '))
      .map(one => ({
        id: Number(/^id: (.*)$/m.exec(one)?.[1]),
        kind: /^event: (.*)$/m.exec(one)?.[1] ?? '',
        data: JSON.parse(/^data: (.*)$/m.exec(one)?.[1] ?? '') as Record<string, unknown>,
      }))
  const ended = once(res, 'end')
  return { res, events, ended }
}

test('a client hears how far its work is, and its end, and goes on where it was cut off', async t => {
  const step = Array.from({ length: 3 }, () => Promise.withResolvers<void>())
  const { gateway, ask } = await working(t, async (_command, { progress }) => {
    await step[0]!.promise
    progress(10, 'begun')
    await step[1]!.promise
    progress(90, 'nearly')
    await step[2]!.promise
    return { status: 201 }
  })
  const place = (await ask('/orders', respondAsync)).headers.location!
  const { res, events, ended } = await listening(`${gateway.url}${place}/events`)
  equal(res.headers['content-type'], 'text/event-stream')
  await until('it is accepted', () => events().length === 1)
  step[0]!.resolve()
  await until('it has begun', () => events().length === 2)
  const pending = await ask(place)
  deepEqual([pending.json['percent'], pending.json['note']], [10, 'begun'])
  step[1]!.resolve()
  await until('it is nearly done', () => events().length === 3)
  const cut = await listening(`${gateway.url}${place}/events`, { 'last-event-id': String(events()[1]!.id) })
  step[2]!.resolve()
  await ended
  deepEqual(
    events().map(({ kind, data }) => [kind, data['percent'] ?? data['status'] ?? null]),
    [
      ['accepted', null],
      ['progress', 10],
      ['progress', 90],
      ['completed', 201],
    ],
  )
  await cut.ended
  deepEqual(
    cut.events().map(({ kind }) => kind),
    ['progress', 'completed'],
  )
  const last = String(events().at(-1)!.id)
  const after = await listening(`${gateway.url}${place}/events`, { 'last-event-id': last })
  equal(after.res.statusCode, 204)
  equal((await ask(`${place}/events`, { headers: { 'last-event-id': 'x' } })).code, 'invalid-request')
})

test('work that has not begun is cancelled', async t => {
  const hold = Promise.withResolvers<void>()
  let runs = 0
  const { ask } = await working(
    t,
    async () => {
      runs++
      await hold.promise
    },
    1,
  )
  const first = (await ask('/orders', respondAsync)).headers.location!
  const second = (await ask('/orders', respondAsync)).headers.location!
  await until('the first runs', () => runs === 1)
  const cancelled = await ask(second, { method: 'DELETE' })
  deepEqual([cancelled.status, cancelled.json['state']], [200, 'cancelled'])
  deepEqual([(await ask(second)).status, (await ask(second)).code], [410, 'operation-cancelled'])
  equal((await ask(second, { method: 'DELETE' })).status, 200, 'once more says the same')
  hold.resolve()
  equal((await ask(first, { headers: { prefer: 'wait=5' } })).status, 204)
  deepEqual([(await ask(first, { method: 'DELETE' })).status, runs], [409, 1])
})

test('work that has begun is stopped by its signal, or goes on and refuses', async t => {
  const hold = Promise.withResolvers<void>()
  const { ask } = await working(t, async (command, { signal }) => {
    if ((command.json() as { amount: number }).amount === 1) return await hold.promise
    await once(signal, 'abort')
    throw signal.reason
  })
  const willing = (await ask('/orders', respondAsync)).headers.location!
  equal((await ask(willing, { method: 'DELETE' })).json['state'], 'cancelled')
  const stubborn = (await ask('/orders', { ...respondAsync, body: { ...anOrder, amount: 1 } })).headers.location!
  const refused = await ask(stubborn, { method: 'DELETE' })
  deepEqual([refused.status, refused.code], [409, 'operation-running'])
  ok(String(refused.json['detail']).includes('goes on'))
  hold.resolve()
  equal((await ask(stubborn, { headers: { prefer: 'wait=5' } })).status, 204)
})

test('a worker that does not understand cancel records never gets one', async t => {
  const { ask, gateway, broker } = await openGateway(t, { ...over, workers: { orders: { cancel: false } } })
  await gateway.ready
  const place = (await ask('/orders', respondAsync)).headers.location!
  const answer = await ask(place, { method: 'DELETE' })
  deepEqual([answer.status, answer.code], [409, 'operation-running'])
  const ends = await broker.admin.ends('orders.commands')
  equal(
    ends.reduce((sum, end) => sum + end, 0n),
    1n,
  )
  equal((await ask('/operations/x', { method: 'DELETE' })).code, 'unknown-operation')
})
