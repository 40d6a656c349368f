import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { shownAt } from '../../../src/bridge/schemas/shown.ts'

test('a schema says what it refers to from its new place, and nothing of where it was', () => {
  const schema = {
    $id: 'x',
    $schema: 'y',
    anyOf: [{ $ref: '#/$defs/a' }, { $ref: 'https://else.example' }, { $ref: '#' }],
  }
  deepEqual(shownAt('#/p', schema, new Map()), {
    anyOf: [{ $ref: '#/p/$defs/a' }, { $ref: 'https://else.example' }, { $ref: '#/p' }],
  })
})
