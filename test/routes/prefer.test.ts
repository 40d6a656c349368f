import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { preferencesOf } from '../../src/routes/prefer.ts'

const waitOf = (prefer: string): number | null => preferencesOf(prefer).wait

const cases: readonly (readonly [string, number | null])[] = [
  ['wait=10', 10],
  ['respond-async, wait=10', 10],
  ['WAIT = 10 ; foo=bar', 10],
  ['wait="3"', 3],
  ['foo="a, wait=9"; bar, wait=4', 4],
  ['foo="\\", wait=9", wait=4', 4],
  ['wait=5, wait=6', 5],
  ['wait=0', 0],
  ['respond-async', null],
  ['wait', null],
  ['wait=', null],
  ['wait=-1', null],
  ['wait=1.5', null],
  ['wait=1e9', null],
  ['wait=9999999999', null],
  ['await=1', null],
  ['foo; wait=1', null],
  ['', null],
]
for (const [header, seconds] of cases)
  test(`Prefer: ${header} asks for ${seconds === null ? 'no wait' : `${seconds} s`}`, () =>
    equal(waitOf(header), seconds))

for (const [header, asked] of [
  ['respond-async', true],
  ['Respond-Async; foo, wait=10', true],
  ['wait=10, respond-async', true],
  ['respond-asynchronously', false],
  ['foo="respond-async"', false],
  ['wait=10', false],
] as const)
  test(`Prefer: ${header} ${asked ? 'asks' : 'does not ask'} for an operation`, () =>
    equal(preferencesOf(header).respondAsync, asked))

test('any header gives whole seconds or nothing', () => {
  const piece = fc.constantFrom('wait', '=', '1', '"', '\\', ',', ';', ' ', 'x')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), pieces => {
      const seconds = waitOf(pieces.join(''))
      ok(seconds === null || (Number.isInteger(seconds) && seconds >= 0))
    }),
  )
})

test('evil headers are read in linear time', () => {
  for (const part of ['"', '\\', ',', 'wait=1x,', ' ', '=']) {
    const start = performance.now()
    waitOf(part.repeat(50_000 / part.length))
    ok(performance.now() - start < 50, part)
  }
})

for (const [header, url] of [
  ['respond-async, callback; url="https://a.example/x,y;z"', 'https://a.example/x,y;z'],
  ['callback;URL = "https://a/"; foo', 'https://a/'],
  [String.raw`callback; url="https://a/\"b"`, 'https://a/"b'],
  ['callback; url="https://a/", callback; url="https://b/"', 'https://a/'],
  ['callback; url=https://a/', null],
  ['callback', null],
  ['foo="callback; url=x"', null],
] as const)
  test(`Prefer: ${header} names ${url ?? 'no callback'}`, () => equal(preferencesOf(header).callback, url))
