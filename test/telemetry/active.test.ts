import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { countActive } from '../../src/telemetry/active.ts'
import { Meter } from '../../src/telemetry/meter.ts'
import { aGateway, anOrder } from '../help/gateway.ts'

test('requests under way are counted by method when somebody looks, and methods of clients make no series', async () => {
  const meter = new Meter()
  let underWay = ['GET', 'POST', 'GET', 'BREW', 'get']
  countActive(meter, { scheme: 'https', methods: () => underWay })
  const lines = async () =>
    (await meter.text()).split('\n').filter(line => line.startsWith('http_server_active_requests'))
  const line = (method: string, count: number) =>
    `http_server_active_requests{http_request_method="${method}",url_scheme="https"} ${count}`
  deepEqual(await lines(), [line('GET', 2), line('POST', 1), line('_OTHER', 2)])
  underWay = ['POST']
  deepEqual(await lines(), [line('GET', 0), line('POST', 1), line('_OTHER', 0)])
})

test('a request is active until it is answered', async t => {
  const { ask, admin, worker } = await aGateway(t)
  const active = async (): Promise<readonly number[]> => {
    const metrics = await admin.metrics()
    return ['POST', 'GET'].map(method =>
      metrics.sum('http_server_active_requests', { http_request_method: method, url_scheme: 'http' }),
    )
  }
  const [first, second] = [ask('/orders', { body: anOrder }), ask('/orders/o-1')]
  const commands = [await worker.next(), await worker.next()]
  deepEqual(await active(), [1, 1])
  for (const command of commands) await command.reply()
  await Promise.all([first, second])
  deepEqual(await active(), [0, 0])
})
