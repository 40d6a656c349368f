import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { originsOf } from '../src/origins.ts'

const nameOf = originsOf({
  shop: { origin: 'https://hooks.shop.example' },
  all: { origin: 'https://*.shops.example:8443' },
  local: { origin: 'http://[::1]:9000' },
})
const named = (...urls: readonly string[]) => urls.map(url => nameOf(new URL(url)))

test('an origin is scheme, host and port', () => {
  deepEqual(named('https://hooks.shop.example/a', 'https://hooks.shop.example:443/', 'HTTPS://HOOKS.shop.example/'), [
    'shop',
    'shop',
    'shop',
  ])
  deepEqual(named('http://hooks.shop.example/', 'https://hooks.shop.example:444/', 'https://shop.example/'), [
    null,
    null,
    null,
  ])
  deepEqual(named('http://[::1]:9000/', 'http://[::2]:9000/'), ['local', null])
})

test('a wildcard is all below a host, and neither it nor what merely ends alike', () => {
  deepEqual(named('https://a.shops.example:8443/', 'https://a.b.shops.example:8443/'), ['all', 'all'])
  deepEqual(
    named('https://shops.example:8443/', 'https://evilshops.example:8443/', 'https://a.shops.example.evil:8443/'),
    [null, null, null],
  )
})
