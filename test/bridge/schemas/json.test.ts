import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Violations } from '../../../src/bridge/schemas/codec.ts'
import { jsonCodec } from '../../../src/bridge/schemas/json.ts'
import type { Violation } from '../../../src/problem.ts'

const codecOf = (schema: object, references: Readonly<Record<string, object>> = {}) =>
  jsonCodec({
    name: 'order.json',
    text: JSON.stringify(schema),
    references: new Map(Object.entries(references).map(([name, one]) => [name, JSON.stringify(one)])),
  })

const violations = (schema: object, value: unknown, references = {}): readonly Violation[] => {
  try {
    codecOf(schema, references).write(Buffer.from(JSON.stringify(value)))
  } catch (error) {
    if (error instanceof Violations) return error.list
    throw error
  }
  return []
}

test('all that is wrong is told, each where it is', () => {
  const schema = {
    type: 'object',
    required: ['id'],
    properties: { id: {}, amount: { type: 'integer' }, 'a/b': { enum: [1, 2] }, lines: { items: { type: 'string' } } },
    additionalProperties: false,
  }
  deepEqual(violations(schema, { amount: 1.5, 'a/b': 3, lines: ['x', 7], 'un~known': true }), [
    { pointer: '', message: "must have required property 'id'" },
    { pointer: '/un~0known', message: 'is not known' },
    { pointer: '/amount', message: 'must be integer' },
    { pointer: '/a~1b', message: 'must be equal to one of the allowed values: [1,2]' },
    { pointer: '/lines/1', message: 'must be string' },
  ])
  deepEqual(violations(schema, { id: 'o-1' }), [])
})

test('a schema is read as its draft, and without one as 2020-12', () => {
  const tuple = { prefixItems: [{ type: 'string' }], items: false }
  const older = { items: [{ type: 'string' }], additionalItems: false }
  equal(violations(tuple, ['a', 'b']).length, 1)
  equal(violations({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...tuple }, [1]).length, 1)
  equal(violations({ $schema: 'http://json-schema.org/draft-07/schema#', ...older }, ['a', 'b']).length, 1)
  equal(violations({ $schema: 'https://json-schema.org/draft/2019-09/schema', ...older }, ['a', 'b']).length, 1)
})

test('formats are checked, cents are cents, and annotations are no mistakes', () => {
  const schema = {
    properties: { mail: { format: 'email' }, price: { multipleOf: 0.01 } },
    example: {},
    'x-owner': 'us',
  }
  deepEqual(violations(schema, { mail: 'a@example.com', price: 19.99 }), [])
  equal(violations(schema, { mail: 'nobody', price: 19.999 }).length, 2)
})

test('a pattern takes linear time, and look-around works', () => {
  const started = performance.now()
  equal(violations({ pattern: '^(a+)+$' }, `${'a'.repeat(5_000)}b`).length, 1)
  equal(violations({ pattern: '^(?!x)' }, 'xy').length, 1)
  equal(performance.now() - started < 2_000, true)
})

test('references to other files hold, in the document too', () => {
  const schema = {
    properties: { to: { $ref: 'address.json' }, by: { $ref: '#/$defs/who' } },
    $defs: { who: { type: 'string' } },
  }
  const references = { 'address.json': { $ref: '#/$defs/a', $defs: { a: { required: ['street'] } } } }
  equal(violations(schema, { to: {}, by: 1 }, references).length, 2)
  equal(violations({ $id: 'https://acme.example/order.json', ...schema }, { to: {} }, references).length, 1)
  deepEqual(codecOf(schema, references).shown('#/here'), {
    properties: { to: { $ref: '#/here/$defs/address.json' }, by: { $ref: '#/here/$defs/who' } },
    $defs: {
      who: { type: 'string' },
      'address.json': { $ref: '#/here/$defs/address.json/$defs/a', $defs: { a: { required: ['street'] } } },
    },
  })
})

test('what does not compile is told in a sentence', () => {
  const told = (text: string, line: RegExp): void =>
    throws(() => jsonCodec({ name: 'order.json', text, references: new Map() }), { message: line })
  told('{', /^order\.json is not JSON\.$/)
  told('[]', /^order\.json is no JSON Schema: expected an object\.$/)
  told('{"type":"nothing"}', /^order\.json does not compile: schema is invalid: .*\.$/)
  told('{"$ref":"gone.json"}', /^order\.json does not compile: can't resolve reference gone\.json.*\.$/)
  told(
    '{"$schema":"http://json-schema.org/draft-04/schema#"}',
    /^order\.json does not compile: no schema with key.*\.$/,
  )
})
