import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { shop } from '../../examples/strangler/shop.ts'
import { orders } from '../../examples/strangler/orders.ts'
import { serve } from '../../src/worker/serve.ts'
import { client } from '../help/ask.ts'
import { openExample } from '../help/example.ts'
import { until } from '../help/until.ts'

const order = { id: 'o-1', article: 'tea', amount: 2 }
const authorization = 'Bearer change-me-please'

test('a shop is moved to a worker, after both have been compared', async t => {
  const server = createServer(shop())
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { gateway, broker, ask } = await openExample(t, 'strangler', { SHOP_URL: `http://127.0.0.1:${port}` })
  const known = new Map([['o-1', { ...order, amount: 3 }]])
  const serving = await serve({ broker, topic: 'orders.commands', group: 'orders' }, orders(known))
  t.after(() => serving.close())
  using admin = client(gateway.adminUrl)
  const report = async () => {
    const { json } = await admin.ask('/policies')
    type Report = { mirror: { compared: number; places: Record<string, number> } }
    return (json as { routes: Record<string, Report[]> }).routes['read-order']![0]!.mirror
  }
  const change = async (route: string, body: unknown) =>
    equal((await admin.ask(`/strangler/${route}`, { method: 'PUT', body, headers: { authorization } })).status, 200)

  equal((await ask('/orders', { body: order })).status, 201)
  equal((await ask('/orders/o-1')).json['servedBy'], 'shop')
  await until('it is compared', async () => (await report()).compared === 1)
  deepEqual((await report()).places, { '/amount': 1 })
  known.set('o-1', order) // the new service is mended
  await ask('/orders/o-1')
  await until('it is compared', async () => (await report()).compared === 2)
  deepEqual((await report()).places, { '/amount': 1 })

  await change('read-order', { percent: 100, mirror: 0 })
  await change('place-order', { percent: 100 })
  const placed = await ask('/orders', { body: { ...order, id: 'o-2' } })
  deepEqual([placed.status, placed.json['servedBy'], placed.headers['location']], [201, 'orders', '/orders/o-2'])
  equal((await ask('/orders/o-2')).json['servedBy'], 'orders')
  await change('read-order', { percent: 0 })
  equal((await ask('/orders/o-2')).status, 404)
})
