import { test } from 'node:test'
import { equal, ok, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { events } from '../../src/events.ts'
import { repeatOf } from '../../src/routes/repeat.ts'

const keyOf = (field: string): string | null => repeatOf('pay', { 'idempotency-key': field })

for (const [field, key] of [
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  [' "a b" ', 'a b'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['"k"; v=1', 'k'],
  ['"a;b,c"', 'a;b,c'],
  [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
] as const)
  test(`Idempotency-Key: ${field.slice(0, 50)} is read`, () => equal(keyOf(field), key))

for (const field of ['', '""', '"a', 'a"', '"a\\b"', 'a b', 'a, b', '"a", "b"', 'x;y', '"é"', 'x'.repeat(258)])
  test(`Idempotency-Key: ${field.slice(0, 50)} is refused`, () =>
    throws(() => keyOf(field), { code: 'invalid-request' }))

test('bare keys are counted, quoted ones are not', t => {
  const seen: string[] = []
  const listener = ({ result }: { result: string }): void => void seen.push(result)
  events.replay.subscribe(listener)
  t.after(() => events.replay.unsubscribe(listener))
  keyOf('"k"')
  keyOf('k')
  equal(seen.join(), 'bare')
})

test('without the header there is no key, and any header gives a key or a refusal', () => {
  equal(repeatOf('pay', {}), null)
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), field => {
      try {
        const key = keyOf(field)
        ok(key !== null && key.length > 0 && key.length <= 257)
      } catch (error) {
        equal((error as { code: string }).code, 'invalid-request')
      }
    }),
  )
})

test('evil keys are read in linear time', () => {
  const start = performance.now()
  for (const part of ['\\', '"', '\\"', ';']) throws(() => keyOf(`"${part.repeat(20_000)}`))
  ok(performance.now() - start < 50)
})
