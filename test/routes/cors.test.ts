import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { corsOf } from '../../src/routes/cors.ts'
import { configOf } from './front.ts'

const made = (cors: object, more: object = {}) => {
  const route = { match: 'POST /orders', command: { to: 'orders', key: 'header.X-Tenant' }, cors, ...more }
  return corsOf(configOf({ 'place-order': route }).routes['place-order']!)
}
const shop = 'https://shop.example'

test('a route without the option allows nothing and costs nothing', () => {
  const { routes } = configOf({ 'place-order': { match: 'POST /orders', command: { to: 'orders' } } })
  equal(corsOf(routes['place-order']!), null)
})

test('pages may bring CloudEvents where the route takes them, and read and say positions', () => {
  const asked = (event: object): string => {
    const route = { match: 'POST /events', event: { topic: 'events', ...event }, cors: { origins: [shop] } }
    const cors = corsOf(configOf({ events: route }).routes['events']!)
    return cors?.preflight(shop, 'POST')?.find(([name]) => name === 'Access-Control-Allow-Headers')?.[1] ?? ''
  }
  deepEqual([asked({}).includes('ce-id'), asked({ cloudEvents: true }).includes('ce-id')], [false, true])
  equal(asked({}).includes('sluice-position'), true)
})

test('a listed origin is named, and nothing is said to others but that the answer varies', () => {
  const cors = made({ origins: [shop], credentials: true })
  const fields = cors?.fields(shop) ?? []
  deepEqual(fields.slice(0, 6), [
    'Access-Control-Allow-Origin',
    shop,
    'Access-Control-Allow-Credentials',
    'true',
    'Vary',
    'Origin',
  ])
  for (const other of ['https://evil.example', 'https://shop.example.evil', 'null', undefined])
    deepEqual(cors?.fields(other), ['Vary', 'Origin'])
  equal(cors?.preflight('https://evil.example', 'POST'), null)
})

test('any origin is `*`, which varies with nothing', () => {
  const fields = made({ origins: ['*'] })?.fields('https://anybody.example') ?? []
  deepEqual(fields.slice(0, 3), ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers'])
})

test('a preflight allows what the route reads and passes on', () => {
  const cors = made(
    { origins: [shop], requestHeaders: ['authorization'], maxAgeMs: 1_500 },
    { requestHeaders: ['x-a'] },
  )
  const said = Object.fromEntries(cors?.preflight(shop, 'POST') ?? [])
  equal(said['Access-Control-Allow-Methods'], 'POST')
  equal(said['Access-Control-Max-Age'], '1')
  const allowed = said['Access-Control-Allow-Headers']?.split(', ') ?? []
  for (const name of ['content-type', 'x-a', 'x-tenant', 'authorization']) equal(allowed.includes(name), true, name)
})
