import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../../../config/schema/index.ts'
import { policiesOf, priceOf, said } from '../../../src/resilience/quota/windows.ts'

const policies = (quota: object) =>
  policiesOf(Config.parse({ routes: { a: { match: 'GET /', event: { topic: 'a' }, quota } } }).routes['a']!.quota!)
const names = (quota: object): readonly string[] =>
  policies(quota).map(({ name, unit, limit, windowMs }) => `${name} ${limit} ${unit} ${windowMs}`)

test('the simple form is one window, with requests, bytes or both', () => {
  deepEqual(names({ requests: 5 }), ['default 5 requests 1000'])
  deepEqual(names({ bytes: 5, windowMs: 500 }), ['default 5 content-bytes 500'])
  deepEqual(names({ requests: 5, bytes: 6 }), ['default 5 requests 1000', 'default-bytes 6 content-bytes 1000'])
})

test('several windows are called as they are named, or after their lengths', () => {
  const windows = [
    { requests: 5, windowMs: 250 },
    { requests: 50, bytes: 9, windowMs: 60_000 },
    { name: 'day', bytes: 7, windowMs: 86_400_000 },
  ]
  deepEqual(names({ windows }), [
    '250ms 5 requests 250',
    '60s 50 requests 60000',
    '60s-bytes 9 content-bytes 60000',
    'day 7 content-bytes 86400000',
  ])
})

test('a call costs one request and its bytes, at most the whole window', () => {
  const [requests, bytes] = policies({ requests: 5, bytes: 100 })
  equal(priceOf(requests!, 70), 1)
  equal(priceOf(bytes!, 70), 70)
  equal(priceOf(bytes!, 700), 100)
  equal(said(requests!), 'At most 5 requests in 1000 ms.')
  equal(said(bytes!), 'At most 100 bytes in 1000 ms.')
})
