import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { stock } from '../../examples/legacy-rest/stock.ts'
import { openExample } from '../help/example.ts'
import { until } from '../help/until.ts'

test('a service that knows no Kafka is asked through a topic, and bookings wait while it is away', async t => {
  const server = stock()
  t.after(() => void server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const { ask } = await openExample(t, 'legacy-rest', { STOCK_URL: `http://127.0.0.1:${port}` })
  const book = (amount: number) => ask('/stock/apples/bookings', { body: { amount } })
  await until('the group is joined', async () => (await ask('/stock/pears')).status === 200, 20_000)
  deepEqual((await book(3)).json, { sku: 'apples', level: 7 })
  equal((await book(9)).status, 409)
  deepEqual((await ask('/stock/apples')).json, { sku: 'apples', level: 7 })

  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  const waiting = book(1)
  const again = stock()
  t.after(() => {
    again.closeAllConnections()
    again.close()
  })
  await new Promise<void>(resolve => again.listen(port, '127.0.0.1', resolve))
  deepEqual((await waiting).json, { sku: 'apples', level: 9 })
})
