import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openExample } from '../help/example.ts'
import { folder } from '../help/folder.ts'
import { h2 } from '../help/h2.ts'
import { handWorker } from '../help/hand.ts'

test('orders are read by anybody and placed by machines that show a certificate', async t => {
  const certs = folder(t)
  execFileSync('sh', [join(import.meta.dirname, '../../examples/tls/certificates.sh'), certs])
  const { gateway, ask, broker } = await openExample(t, 'tls', { CERTS: certs })
  ;(await handWorker(t, broker)).always(command => void command.reply({ status: 200 }))
  const { status, headers } = await ask('/orders/o-1')
  deepEqual([status, headers['referrer-policy']], [200, 'no-referrer'])
  equal((await ask('/orders', { body: { orderId: 'o-1' } })).status, 401)
  const cert = readFileSync(join(certs, 'client.crt'), 'utf8')
  const machine = h2(t, gateway.url, { cert, key: readFileSync(join(certs, 'client.key'), 'utf8') })
  equal((await machine.ask('/orders', { body: { orderId: 'o-1' } })).status, 200)
})
