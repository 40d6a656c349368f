import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { aGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { handWorker } from '../help/hand.ts'

const routes: Part = {
  'drop-order': { match: 'DELETE /orders/:orderId', command: { to: 'orders', key: 'path.orderId' }, timeoutMs: 2_000 },
  'drop-signal': { match: 'DELETE /signals/:id', event: { topic: 'signals', key: 'path.id' } },
  'put-order': { match: 'PUT /orders/:orderId', command: { to: 'orders', key: 'path.orderId' }, timeoutMs: 2_000 },
  keyless: { match: 'POST /keyless', command: { to: 'orders' }, timeoutMs: 2_000 },
  'plain-order': { match: 'POST /plain', command: { to: 'orders' }, emptyBody: 'empty', timeoutMs: 2_000 },
}

/** What a worker finds as the value, by request. */
async function values(t: Parameters<typeof aGateway>[0], worker: Part = {}): Promise<Record<string, string | null>> {
  const { ask, broker, worker: hand } = await aGateway(t, { routes, workers: { orders: worker } })
  const signals = await handWorker(t, broker, 'signals')
  const found: Record<string, string | null> = {}
  hand.always(command => {
    const { value } = command.record
    found[`${command.header('http-method')} ${command.header('http-path')}`] = value?.toString() ?? null
    void command.reply({ body: 'done' })
  })
  for (const [method, path, body] of [
    ['GET', '/orders/o-1'],
    ['DELETE', '/orders/o-1'],
    ['POST', '/plain', ''],
    ['POST', '/keyless', '{}'],
    ['PUT', '/orders/o-1', ''],
  ] as const)
    equal((await ask(path, { method, ...(body !== undefined && { body: Buffer.from(body) }) })).status, 200)
  equal((await ask('/signals/s-1', { method: 'DELETE' })).status, 202)
  const event = await signals.next()
  found['event'] = event.record.value?.toString() ?? null
  return found
}

test('no content is a null value: a tombstone on DELETE, and no JSON of zero bytes', async t => {
  deepEqual(await values(t, {}), {
    'GET /orders/o-1': null,
    'DELETE /orders/o-1': null,
    'POST /plain': '',
    'POST /keyless': '{}',
    'PUT /orders/o-1': null,
    event: null,
  })
})

test('a worker says what it bears in its place', async t => {
  const found = await values(t, { emptyBody: 'object' })
  equal(found['GET /orders/o-1'], '{}')
  equal(found['DELETE /orders/o-1'], '{}')
  equal(found['POST /plain'], '', 'its route says otherwise')
  equal(found['event'], null)
})
