import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import type { Taken } from '../help/hand.ts'
import { bytes } from '../help/record.ts'

type Written = readonly (readonly [name: string, value: string])[]
const answer = (command: Taken, headers: Written, body: string | Uint8Array = '{"a":1}'): Promise<void> =>
  command.publish(
    [
      ['sluice-correlation-id', command.raw('sluice-correlation-id')],
      ...headers.map(([name, value]) => [name, bytes(value)] as const),
    ],
    body,
  )

/** A client and what it gets for these headers of a reply. */
async function replying(t: Parameters<typeof aGateway>[0], over: Part = {}) {
  const { ask, worker } = await aGateway(t, over)
  return async (headers: Written, body?: string | Uint8Array) => {
    worker.always(command => void answer(command, headers, body))
    return await ask('/orders', { body: anOrder })
  }
}

test('a reply without a content type has none at the client, who may look what it is', async t => {
  const { headers } = await (await replying(t))([])
  deepEqual([headers['content-type'], headers['x-content-type-options']], [undefined, undefined])
})

test('a worker has a content type for such replies, and a route another', async t => {
  const worker = { workers: { orders: { contentType: 'application/json' } } }
  const { headers } = await (await replying(t, worker))([])
  deepEqual([headers['content-type'], headers['x-content-type-options']], ['application/json', 'nosniff'])
  const route = { ...worker, routes: { 'place-order': { contentType: 'text/csv; charset=utf-8' } } }
  equal((await (await replying(t, route))([])).headers['content-type'], 'text/csv; charset=utf-8')
})

test('the last header of a name wins', async t => {
  const reply = await replying(t)
  const { headers } = await reply([
    ['content-type', 'image/png'],
    ['content-type', 'application/json'],
    ['http-header-location', '/a'],
    ['http-header-location', '/b'],
  ])
  deepEqual([headers['content-type'], headers['location']], ['application/json', '/b'])
})

test('names are read whatever their case', async t => {
  const { status, headers } = await (
    await replying(t)
  )([
    ['Sluice-Status', '404'],
    ['Content-Type', 'text/plain'],
    ['Http-Header-ETag', '"1"'],
  ])
  deepEqual([status, headers['content-type'], headers['etag']], [404, 'text/plain', '"1"'])
})

test('headers without which a status means nothing pass by default', async t => {
  const reply = await replying(t)
  for (const [status, name, value] of [
    ['401', 'www-authenticate', 'Bearer realm="orders"'],
    ['405', 'allow', 'GET, PUT'],
    ['206', 'content-range', 'bytes 0-1/7'],
    ['201', 'location', '/orders/1'],
    ['429', 'retry-after', '7'],
  ] as const) {
    const answer = await reply([
      ['sluice-status', status],
      [`http-header-${name}`, value],
    ])
    deepEqual([answer.status, answer.headers[name]], [Number(status), value])
  }
})

test('a coded reply says how it is coded', async t => {
  const { headers, bytes: body } = await (
    await replying(t)
  )([['http-header-content-encoding', 'gzip']], gzipSync('done'))
  equal(headers['content-encoding'], 'gzip')
  equal(gunzipSync(body).toString(), 'done')
})
