import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import { keyOf, signed } from '../../../src/bridge/deliver/sign.ts'

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`
const headersOf = (flat: readonly string[]): Record<string, string> =>
  Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]))

test('the package of Standard Webhooks verifies what is signed here, and nothing that was changed', () => {
  const body = JSON.stringify({ type: 'order.placed', data: { name: 'Zoë' } })
  const headers = headersOf(signed(keyOf(secret), 'msg-1', body))
  deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body))
  throws(() => new Webhook(secret).verify(`${body} `, headers))
  throws(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'msg-2' }))
})
