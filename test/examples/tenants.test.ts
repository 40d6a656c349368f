import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { openExample } from '../help/example.ts'
import { handWorker } from '../help/hand.ts'

test('the load of one tenant is refused to it, and the other goes on with a worker of its own', async t => {
  const { ask, broker } = await openExample(t, 'tenants')
  const shared = await handWorker(t, broker)
  const own = await handWorker(t, broker, 'globex.orders.commands')
  for (const worker of [shared, own]) worker.always(command => void command.reply({ status: 200 }))
  const [acme, globex] = ['acme.localhost', 'globex.localhost:8080'].map(host => ({ host }))
  const statuses: number[] = []
  for (let i = 0; i < 7; i++) statuses.push((await ask('/orders/o-1', { headers: acme! })).status)
  deepEqual(statuses.slice(-1), [429])
  equal((await ask('/orders/o-1', { headers: globex! })).status, 200)
  deepEqual([shared.commands[0]?.key, own.commands[0]?.key], ['acme.o-1', 'globex.o-1'])
  deepEqual([shared.commands[0]?.header('http-header-x-tenant'), own.commands.length], ['acme', 1])
  const nobody = await ask('/orders/o-1')
  deepEqual([nobody.status, nobody.code], [403, 'forbidden'])
})
