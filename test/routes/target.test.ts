import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { originForm, targetFlaw } from '../../src/routes/target.ts'

for (const url of [
  '/',
  '/orders/o-1',
  '/a//b',
  '/orders/%C3%A9?q=%2f..%2f&x=100%',
  '/...',
  '/a..b/.c',
  '/a;v=1',
  '/%20',
  '/%252e%252e',
])
  test(`${url} is taken`, () => equal(targetFlaw(url), null))

for (const url of [
  '/orders/..%2fadmin',
  '/orders/%2F',
  '/orders/%5c',
  '/orders/%5C..',
  '/orders/%00',
  '/orders/%0d%0aX:y',
  '/orders/%7f',
  '/..',
  '/../etc',
  '/orders/../admin',
  '/orders/.',
  '/./orders',
  '/orders/%2e%2e/admin',
  '/orders/.%2E',
  '/orders/%',
  '/orders/%4',
  '/orders/%zz',
  '/orders/%-1',
  '/orders/a\\b',
  '/orders/a#b',
  '/orders/a b',
  '/orders/é',
  '/orders/a\tb',
  '/orders?a b',
  '/orders?a#b',
  '*',
  '',
  'orders',
])
  test(`${JSON.stringify(url)} is refused`, () => ok(targetFlaw(url)))

const wrong = /[\p{Cc}/\\]/u
const bytesOf = (segment: string): string =>
  segment.replaceAll(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))

test('what is taken decodes into segments that stay in their places', () => {
  const piece = fc.constantFrom('/', '.', '..', '%2e', '%2f', '%5c', '\\', '%00', '%', 'a', '%41', '?', '#', 'é', ' ')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      const url = `/${pieces.join('')}`
      if (targetFlaw(url) !== null) return
      const [path = ''] = url.split('?')
      const segments = path.split('/').map(bytesOf)
      ok(
        segments.every(segment => !['.', '..'].includes(segment) && !wrong.test(segment)),
        url,
      )
      equal(new URL(`http://a${url}`).pathname, path, 'and a browser or proxy reads it alike')
    }),
    { numRuns: 2_000 },
  )
})

test('an absolute target is read as its path', () => {
  equal(originForm('http://host:80/orders?x=1'), '/orders?x=1')
  equal(originForm('HTTPS://host'), '/')
  equal(originForm('http://host?x'), '/?x')
  equal(originForm('*'), '*')
  equal(originForm('ftp://host/a'), 'ftp://host/a')
})
