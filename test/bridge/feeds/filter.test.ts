import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { Filter } from '../../../config/schema/stream.ts'
import { filterOf, matches, wishedBy } from '../../../src/bridge/feeds/filter.ts'
import { aRecord, bytes, pairs } from '../../help/record.ts'

const filter = filterOf(
  [
    { of: 'key', equals: 'path.id' },
    { of: 'header.ce_type', equals: 'query.type' },
    { of: '/state', value: 'open' },
  ].map(one => Filter.parse(one)),
)
const record = aRecord({ key: bytes('7'), headers: pairs({ ce_type: 'placed' }) })
const wish = (query: string) => filter.wishOf(new Map([['id', '7']]), new URLSearchParams(query))

test('a record matches when every filter that is asked for finds what is wished', () => {
  const found = filter.find(record, { state: 'open' })
  deepEqual(found, ['7', 'placed', 'open'])
  equal(matches(wish('type=placed'), found), true)
  equal(matches(wish('type=paid'), found), false)
  equal(matches(wish(''), found), true, 'a parameter that is not given compares nothing')
})

test('a field that is missing, or a value that is no JSON, never matches, not even an empty wish', () => {
  const empty = filterOf([Filter.parse({ of: '/state', equals: 'query.state' })])
  const wished = empty.wishOf(new Map(), new URLSearchParams('state='))
  for (const json of [undefined, {}, { state: null }, { state: {} }]) {
    const found = empty.find(record, json)
    equal(matches(wished, found), false)
    equal(wishedBy([''], found), null)
  }
  equal(matches(wished, empty.find(record, { state: '' })), true)
})

test('clients that wish in the same places are found by what the record has there', () => {
  deepEqual(wishedBy(['', null, ''], ['7', 'placed', 'open']), ['7', null, 'open'])
  equal(wishedBy(['', null, ''], ['7', 'placed', null]), null)
  deepEqual(wishedBy([null], [null]), [null])
})

test('a parameter that is required must be given', () => {
  const strict = filterOf([Filter.parse({ of: 'key', equals: 'query.id', required: true })])
  throws(() => strict.wishOf(new Map(), new URLSearchParams('')), { code: 'invalid-request' })
})
