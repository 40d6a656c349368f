import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { decimalOf, decimalText, Digits, parseExact, wholeOf } from '../../../src/bridge/schemas/numbers.ts'

const parsed = (text: string): unknown => parseExact(Buffer.from(text))

test('a number that JavaScript would round is its digits, all others are numbers', () => {
  deepEqual(parsed('{"a":9007199254740993,"b":1.5,"c":"1234567890123456"}'), {
    a: new Digits('9007199254740993'),
    b: 1.5,
    c: '1234567890123456',
  })
  deepEqual(parsed('[1234567890123456,0.1000000000000000000001]'), [
    1234567890123456,
    new Digits('0.1000000000000000000001'),
  ])
})

test('a whole number whose shortest text is that of another keeps its own', () => {
  for (const text of ['53813837510917020', '53813837510917024']) equal(wholeOf(parsed(text)), BigInt(text))
  equal(wholeOf(parsed('123456789012e7')), 1_234_567_890_120_000_000n)
})

test('every whole number of a JSON text comes back', () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 70n), 2n ** 70n), n => equal(BigInt(wholeOf(parsed(String(n))) ?? 'none'), n)),
  )
  deepEqual(
    [wholeOf(parsed('1e3')), wholeOf(parsed('1.000000000000000000')), wholeOf(parsed('1.5')), wholeOf('1')],
    [1_000, 1n, null, null],
  )
})

test('a decimal is its digits without the zeros behind, whatever its exponent', () => {
  deepEqual(decimalOf('19.90'), { unscaled: 199n, scale: 1 })
  deepEqual(decimalOf('-1.5e-3'), { unscaled: -15n, scale: 4 })
  deepEqual(decimalOf('15e2'), { unscaled: 1_500n, scale: 0 })
  deepEqual(decimalOf('0.000'), { unscaled: 0n, scale: 0 })
  for (const text of ['1e99999', '1e999999', 'x', '', '1.', '.5']) equal(decimalOf(text), null)
  fc.assert(
    fc.property(fc.bigInt(), fc.nat(40), (unscaled, scale) => {
      const again = decimalOf(decimalText({ unscaled, scale }))
      equal(again === null ? null : again.unscaled * 10n ** BigInt(scale - again.scale), unscaled)
    }),
  )
})
