import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { fieldsOf } from '../../src/routes/fields.ts'

const fields = (server: object) => fieldsOf(Config.parse({ server, routes: {} }).server)

test('what is configured stands in every answer, and browsers are told to come by TLS', () => {
  equal(fields({}), null)
  const tls = { certFile: 'a', keyFile: 'b', hstsMs: 90_000 }
  deepEqual(fields({ headers: { 'x-frame-options': 'DENY' }, tls }), [
    'x-frame-options',
    'DENY',
    'Strict-Transport-Security',
    'max-age=90',
  ])
})

test('a header that the gateway writes itself cannot be configured', () => {
  for (const name of ['content-type', 'vary', 'sluice-outcome', 'access-control-allow-origin', 'Referrer-Policy'])
    equal(Config.safeParse({ server: { headers: { [name]: 'a' } }, routes: {} }).success, false, name)
})
