import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { headersOf, plainType, stepOf } from '../../../src/bridge/durable/record.ts'
import type { Step } from '../../../src/bridge/durable/record.ts'
import { aRecord, bytes } from '../../help/record.ts'

test('a step comes back from its record', () => {
  const step: Step = {
    kind: 'append',
    type: 'text/plain',
    producer: { id: 'ä', epoch: 1, seq: 2 },
    seq: '7',
    closes: true,
    value: bytes('v'),
  }
  deepEqual(stepOf(aRecord({ value: bytes('v'), headers: headersOf(step) })), step)
  const least: Step = { kind: 'create', type: null, producer: null, seq: null, closes: false, value: null }
  deepEqual(stepOf(aRecord({ value: null, headers: headersOf(least) })), least)
})

test('a record that somebody else wrote is an append of its value', () => {
  const headers = [
    ['Content-Type', bytes('application/json')],
    ['stream-step', bytes('nonsense')],
  ] as const
  deepEqual(stepOf(aRecord({ value: bytes('{}'), headers })), {
    kind: 'append',
    type: 'application/json',
    producer: null,
    seq: null,
    closes: false,
    value: bytes('{}'),
  })
})

test('types are compared without parameters and case', () => {
  equal(plainType('Text/Plain; charset=UTF-8'), 'text/plain')
})
