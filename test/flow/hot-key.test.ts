import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Agent, request } from 'node:http'
import { aGateway, anOrder } from '../help/gateway.ts'

const connections = 400
const rounds = 5
const body = JSON.stringify(anOrder)

test('four hundred connections of one client that all ask for one key are refused nothing while slots are free', async t => {
  const { gateway, admin, worker } = await aGateway(t, {
    // a machine that is busy with other tests may be slow itself, which an adaptive limit takes for a slow worker
    workers: { orders: { partitions: 12, bulkhead: { limit: 'fixed', slots: 512 } } },
    routes: { 'place-order': { timeoutMs: 30_000 } },
  })
  worker.always(command => void command.reply({ status: 201 }))
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  t.after(() => agent.destroy())
  const place = (): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    request(`${gateway.url}/orders`, { agent, method: 'POST', headers }, response => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end(body)
    return promise
  }
  const told = new Map<number, number>()
  const ask = async (): Promise<void> => {
    for (let i = 0; i < rounds; i++) {
      const status = await place()
      told.set(status, (told.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: connections }, ask))
  deepEqual([...told], [[201, connections * rounds]])
  equal((await admin.metrics()).sum('sluice_refusals_total'), 0)
})
