import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import type { Cors } from '../../src/routes/cors.ts'
import { methodsOf, optionsReply } from '../../src/routes/options.ts'

const cors: Cors = { fields: () => [], preflight: origin => (origin === 'https://a' ? [['X-Granted', 'yes']] : null) }
const offers = [
  { method: 'POST', cors },
  { method: 'GET', cors: null },
]
const answered = (headers: Record<string, string>) => optionsReply(offers, headers).own

test('who may ask is granted it, and all others learn the methods', () => {
  const asks = (origin: string, method: string) => answered({ origin, 'access-control-request-method': method })
  deepEqual(asks('https://a', 'POST'), [['X-Granted', 'yes']])
  const allow = [['Allow', 'GET, POST, OPTIONS']]
  deepEqual(asks('https://b', 'POST'), allow)
  deepEqual(asks('https://a', 'GET'), allow)
  deepEqual(asks('https://a', 'DELETE'), allow)
  deepEqual(answered({}), allow)
})

test('a method that two routes of a path offer is named once', () => {
  deepEqual(methodsOf([...offers, { method: 'GET', cors: null }]), 'GET, POST')
})
