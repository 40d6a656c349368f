import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const said = (quota: string): string =>
  format(parse(`routes: { a: { match: POST /, event: { topic: a }, quota: { ${quota} } } }`, 'f').mistakes).replace(
    /^f:1:\d+ {2}routes\.a\./,
    '',
  )

test('a quota limits requests, bytes, or several windows', () => {
  for (const right of [
    'requests: 1',
    'bytes: 1',
    'requests: 1, bytes: 1, windowMs: 60000',
    'windows: [{ requests: 10 }, { requests: 100, windowMs: 60000 }]',
    'windows: [{ name: burst, requests: 10 }, { name: fair, bytes: 100 }]',
  ])
    equal(said(right), '', right)
  equal(said('windowMs: 1000'), 'quota: limits nothing, expected requests, bytes or windows')
  equal(said('mode: observe'), 'quota: limits nothing, expected requests, bytes or windows')
})

test('each of several windows limits something, and nothing stands beside them', () => {
  equal(said('windows: [{ windowMs: 1000 }]'), 'quota.windows.0: limits nothing, expected requests or bytes')
  equal(said('windows: []'), 'quota.windows: found none, expected at least one')
  equal(
    said('requests: 5, windows: [{ requests: 1 }]'),
    'quota.requests: found beside windows, expected it inside each of them',
  )
})

test('a mistake in a quota is told once', () => {
  equal(said('request: 1').split('\n').length, 1)
  equal(said('windows: [{ request: 1 }]').split('\n').length, 1)
})

test('two windows are told apart by their names', () => {
  equal(
    said('windows: [{ requests: 10 }, { requests: 100 }]'),
    'quota.windows.1: is named as windows.0, by its length, 1000 ms: expected another name',
  )
  equal(
    said('windows: [{ name: a, requests: 10 }, { name: a, requests: 100, windowMs: 60000 }]'),
    'quota.windows.1.name: is named as windows.0, by a: expected another name',
  )
})
