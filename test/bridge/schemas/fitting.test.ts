import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Violations } from '../../../src/bridge/schemas/codec.ts'
import type { Codec } from '../../../src/bridge/schemas/codec.ts'
import { decoding, fitting } from '../../../src/bridge/schemas/fitting.ts'
import { aCall, anAnswer } from '../../help/call.ts'
import { aRecord } from '../../help/record.ts'

const violations = new Violations([{ pointer: '/a', message: 'is not known' }])
const refuse = (): never => {
  throw violations
}
/** Writes bodies backwards. */
const turned = (bytes: Uint8Array): Uint8Array => bytes.toReversed()
const codec: Codec = { format: 'avro', contentType: 'application/avro', write: turned, read: turned, shown: () => ({}) }

test('a body in another form goes beside the one that came', () => {
  const call = fitting(codec)(aCall({ body: Buffer.from('abc') }))
  equal(Buffer.from(call.encoded?.value ?? []).toString(), 'cba')
  deepEqual([Buffer.from(call.body).toString(), call.encoded?.contentType], ['abc', 'application/avro'])
  const same = aCall({ body: Buffer.from('abc') })
  equal(fitting({ ...codec, format: 'json' })(same), same)
})

test('a body that does not fit, or that there is none of, is a violation', () => {
  throws(() => fitting({ ...codec, write: refuse })(aCall({ body: Buffer.from('a') })), {
    code: 'schema-violation',
    outcome: 'not-sent',
    message: 'The body does not match: /a is not known.',
    errors: violations.list,
  })
  throws(() => fitting(codec)(aCall()), { code: 'schema-violation', errors: [{ pointer: '', message: 'is empty' }] })
})

test('a reply is told as JSON, and one that does not fit is the failure of the worker', () => {
  const reply = {
    ...anAnswer,
    headers: [
      ['content-type', 'application/avro'],
      ['etag', '1'],
    ] as const,
    body: Buffer.from('cba'),
  }
  const told = decoding(codec, 'place-order', 'enforce')(aRecord(), reply, 'orders')
  deepEqual(
    [Buffer.from(told.body).toString(), told.headers],
    [
      'abc',
      [
        ['content-type', 'application/json'],
        ['etag', '1'],
      ],
    ],
  )
  const bad = { ...codec, read: refuse }
  throws(() => decoding(bad, 'place-order', 'enforce')(aRecord(), reply, 'orders'), {
    code: 'bad-reply',
    message: 'orders answered with what its schema does not allow: /a is not known',
  })
  equal(decoding(bad, 'place-order', 'observe')(aRecord(), reply, 'orders'), reply)
  for (const status of [204, 404, 500])
    equal(decoding(bad, 'r', 'enforce')(aRecord(), { ...reply, status }, 'w').status, status)
})
