import { test } from 'node:test'
import { equal, throws } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { callbackOf } from '../../src/routes/callback.ts'

const { operations } = Config.parse({
  routes: {},
  operations: { callbacks: { receivers: { shop: { origin: 'https://hooks.example' } } } },
})

test('a URL of an origin that is allowed is called as URLs are written', () => {
  equal(callbackOf(operations)?.('HTTPS://hooks.example:443/a b'), 'https://hooks.example/a%20b')
})

test('any other is told why not', () => {
  const refused = (text: string, why: RegExp) => throws(() => callbackOf(operations)?.(text), why)
  refused('/hook', /no absolute URL/)
  refused('https://me@hooks.example/', /a user/)
  refused('https://hooks.example.evil/', /https:\/\/hooks\.example\.evil may not be called/)
})

test('where none are configured nobody names any', () => {
  equal(callbackOf(Config.parse({ routes: {} }).operations), null)
})
