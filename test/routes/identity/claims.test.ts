import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { claimOf, claimsTold, identityOf } from '../../../src/routes/identity/claims.ts'

test('a claim is found by its name, or by the path to it, among own fields only', () => {
  const claims = { sub: 'a', 'https://x.example/tenant': 't', org: { id: 7 } }
  deepEqual(
    ['sub', 'https://x.example/tenant', 'org.id', 'org.none', 'constructor', 'org.__proto__'].map(name =>
      claimOf(claims, name),
    ),
    ['a', 't', 7, undefined, undefined, undefined],
  )
})

test('a client is named by its provider and its subject', () => {
  const { client, scopes } = identityOf('shop', 'alice', 'a  b', {})
  equal(client, 'shop/alice')
  deepEqual([...scopes], ['a', 'b'])
  deepEqual([...identityOf('shop', 'alice', ['c', 1], {}).scopes], ['c'])
  for (const subject of [undefined, '', 7, 'a\nb', 'x'.repeat(256)])
    throws(() => identityOf('shop', subject, '', {}), { code: 'unauthenticated' })
})

test('claims are told as text or JSON, and none that no header can hold', () => {
  const claims = { sub: 'alice', roles: ['a', 'b'], bad: 'a\r\nb' }
  const named = [
    ['x-user', 'sub'],
    ['x-roles', 'roles'],
    ['x-none', 'none'],
  ] as const
  deepEqual(claimsTold(claims, named), [
    ['x-user', 'alice'],
    ['x-roles', '["a","b"]'],
  ])
  throws(() => claimsTold(claims, [['x-bad', 'bad']]), { code: 'unauthenticated' })
})
