import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { prefixed, tenancyOf } from '../../src/routes/tenant.ts'
import { identityOf } from '../../src/routes/identity/claims.ts'

const tenancy = (tenants: object) => tenancyOf(Config.parse({ tenants, routes: {} }).tenants)!
const of = (claims: object) => identityOf('a', 'b', '', { ...claims })

test('a host names its tenant whatever its port and its capitals, and any other none', () => {
  const whose = tenancy({ from: 'host', of: { acme: { hosts: ['acme.example'] } } })
  for (const host of ['acme.example', 'ACME.example:8080']) equal(whose(null, { host }).name, 'acme')
  for (const host of ['acme.example.evil', '', undefined]) throws(() => whose(null, { host }), { code: 'forbidden' })
})

test('a claim names its tenant; of others only names that are some', () => {
  const whose = tenancy({
    from: 'claim.org.id',
    header: 'x-t',
    of: { acme: { keyPrefix: 'a:' } },
    others: { keyPrefix: '{tenant}:' },
  })
  deepEqual(
    [whose(of({ org: { id: 'acme' } }), {}).prefix, whose(of({ org: { id: 'B.1' } }), {}).prefix],
    ['a:', 'B.1:'],
  )
  deepEqual(whose(of({ org: { id: 'B.1' } }), {}).told, [['x-t', 'B.1']])
  for (const id of ['', 'a b', 'x'.repeat(65), 7, null, ['acme']])
    throws(() => whose(of({ org: { id } }), {}), { code: 'forbidden' })
  throws(() => whose(null, {}), { code: 'forbidden' })
})

test('without the section there are no tenants, and a key is what it was', () => {
  equal(tenancyOf(undefined), null)
  const key = Buffer.from('k')
  equal(prefixed({ prefix: '' }, key), key)
  equal(prefixed({ prefix: 'a.' }, null), null)
  equal(String(prefixed({ prefix: 'a.' }, key)), 'a.k')
})
