import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { issuer } from '../../examples/identity/issuer.ts'
import { openExample } from '../help/example.ts'
import { handWorker } from '../help/hand.ts'

test('orders are placed with a token and with a key, and not without', async t => {
  const server = await issuer(0)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { ask, broker } = await openExample(t, 'identity', { JWKS_URL: `${url}/jwks` })
  const worker = await handWorker(t, broker)
  const token = await (await fetch(`${url}/token/alice`)).text()
  for (const headers of [{ authorization: `Bearer ${token}` }, { 'x-api-key': 'demo-key-of-acme' }]) {
    const asked = ask('/orders', { body: { orderId: 'o-1' }, headers })
    const command = await worker.next()
    equal(command.key, 'x-api-key' in headers ? 'acme' : 'alice')
    await command.reply({ status: 201 })
    equal((await asked).status, 201)
  }
  const refused = await ask('/orders', { body: { orderId: 'o-1' } })
  deepEqual([refused.status, refused.code], [401, 'unauthenticated'])
  match(String(refused.headers['www-authenticate']), /^Bearer realm="shop", ApiKey/)
})
