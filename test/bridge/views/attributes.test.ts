import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { attributesOf } from '../../../src/bridge/views/attributes.ts'
import { aRecord, pairs } from '../../help/record.ts'

test('the attributes of an event stand in headers, with what headers cannot hold encoded', () => {
  const said = { ce_specversion: '1.0', ce_id: '7', ce_source: '/shop', ce_type: 'placed', ce_subject: 'Zoë 1' }
  const attributes = attributesOf(aRecord({ headers: pairs({ ...said, other: 'x' }) }))
  deepEqual(attributes, [
    ['ce-specversion', '1.0'],
    ['ce-id', '7'],
    ['ce-source', '/shop'],
    ['ce-type', 'placed'],
    ['ce-subject', 'Zo%C3%AB%201'],
  ])
})

test('a record that is no event is made one, and one that is whole already is left as it is', () => {
  const made = new Map(attributesOf(aRecord({ topic: 't', partition: 1, offset: 5n, headers: [] })))
  deepEqual([made.get('ce-id'), made.get('ce-type')], ['t-1-5', 'record'])
  equal(attributesOf(aRecord({ headers: pairs({ 'content-type': 'application/cloudevents+json' }) })), null)
})
