import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { Config } from '../../config/schema/index.ts'
import { causeOf, cleaner, framesOf } from '../../src/telemetry/clean.ts'

const word = fc.stringMatching(/^[a-zA-Z0-9/+-]{4,20}$/)
const config = (password: string) =>
  Config.parse({ routes: {}, broker: { sasl: { mechanism: 'plain', username: 'u', password } } })

test('a secret of the configuration is in no text, wherever it stood', () => {
  fc.assert(
    fc.property(word, fc.array(fc.oneof(word, fc.string())), (secret, parts) => {
      const text = cleaner(config(secret))([secret, ...parts, secret].join(' '))
      ok(!text.includes(secret))
    }),
  )
})

test('the password in a URL is in no text', () => {
  const clean = cleaner(Config.parse({ routes: {}, redis: { url: 'redis://user:hunter2@localhost:6379/0' } }))
  equal(clean('AUTH user hunter2 failed at localhost:6379'), 'AUTH user *** failed at localhost:6379')
})

test('what is no secret stays', () => {
  equal(cleaner(config('hunter2'))('SASL PLAIN of u failed at kafka:9092'), 'SASL PLAIN of u failed at kafka:9092')
})

test('control characters and long texts are cut', () => {
  const clean = cleaner({})
  equal(clean('a\u001B[31mred\r\nb\u0085c'), 'a [31mred b c')
  ok(clean('x'.repeat(10_000)).length <= 501)
})

test('a cause is told with its own causes, and however strange it is', () => {
  equal(causeOf(new Error('outer', { cause: new Error('inner', { cause: 'text' }) })), 'outer: inner: text')
  equal(causeOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
  equal(causeOf(new TypeError('')), 'TypeError')
  equal(causeOf(null), 'thrown: object')
  equal(causeOf(undefined), 'thrown: undefined')
  const ring = new Error('round')
  ring.cause = ring
  equal(causeOf(ring), 'round: round: round: round')
})

test('the text that could not be parsed is not quoted', () => {
  try {
    JSON.parse('secret-canary')
    ok(false)
  } catch (error) {
    ok((error as Error).message.includes('secret'))
    equal(causeOf(error), 'SyntaxError')
    ok(!framesOf(error).join().includes('secret'))
  }
})

test('frames say where, and never what', () => {
  const frames = framesOf(new Error('canary\n    canary'))
  ok(frames.length > 0 && frames.length <= 12)
  ok(frames[0]?.includes('clean.test.ts'))
  ok(!frames.join().includes('canary'))
  deepEqual(framesOf('no error'), [])
})
