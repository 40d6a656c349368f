import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import request from 'supertest'
import { faultsOf } from '../../src/routes/fault.ts'
import { open } from './front.ts'

const token = 'a token of the admin'
const asked = faultsOf(token, 60)
const withToken = (headers: Readonly<Record<string, string>>) => asked({ 'x-fault-token': token, ...headers })

test('a request with the token asks for what it likes, no more often than allowed', () => {
  deepEqual(withToken({ 'x-fault-delay': '250', 'x-fault-lost': '1', 'x-fault-percent': '40' }), [
    { rule: 'headers', kind: 'delay', percent: 40, value: 250 },
    { rule: 'headers', kind: 'lost-reply', percent: 40, value: 0 },
  ])
  for (const headers of [{}, { 'x-fault-percent': '100' }])
    deepEqual(withToken({ 'x-fault-abort': '503', ...headers }), [
      { rule: 'headers', kind: 'abort', percent: 60, value: 503 },
    ])
  equal(withToken({}), null)
})

test('without the token, or with another, it asks for nothing, however malformed', () => {
  for (const given of [undefined, '', 'a token of the admiN', `${token} `, 'x'.repeat(10_000)])
    equal(asked({ ...(given !== undefined && { 'x-fault-token': given }), 'x-fault-delay': 'soon' }), null)
})

test('what it asks for in vain is said', () => {
  const wrong = (headers: Readonly<Record<string, string>>, message: string): void =>
    throws(() => withToken(headers), { code: 'invalid-request', message })
  wrong({ 'x-fault-delay': 'soon' }, 'The header x-fault-delay is no whole number from 1 to 3600000.')
  wrong({ 'x-fault-abort': '200' }, 'The header x-fault-abort is no whole number from 400 to 599.')
  wrong(
    { 'x-fault-lost': '', 'x-fault-percent': '101' },
    'The header x-fault-percent is no whole number from 0 to 100.',
  )
})

test('a call has the faults that its request asks for; where no request may ask, it has none', async t => {
  const routes = { read: { match: 'GET /orders', query: { to: 'orders' } } }
  const send = async (url: string): Promise<number> =>
    (await request(url).get('/orders').set('x-fault-token', token).set('x-fault-abort', '503')).status
  const may = await open(t, { routes, faultsOf: asked })
  equal(await send(may.url), 200)
  deepEqual(may.calls[0]!.fault, [{ rule: 'headers', kind: 'abort', percent: 60, value: 503 }])
  deepEqual(may.calls[0]!.told.headers, [])
  equal((await request(may.url).get('/orders')).status, 200)
  equal(may.calls[1]!.fault, null)
  const mayNot = await open(t, { routes })
  equal(await send(mayNot.url), 200)
  equal(mayNot.calls[0]!.fault, null)
})
