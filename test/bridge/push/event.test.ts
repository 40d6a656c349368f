import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { eventOf, isJson } from '../../../src/bridge/push/event.ts'
import { aRecord, bytes } from '../../help/record.ts'

const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => [name, bytes(value)] as const)
const whole = { ce_specversion: '1.0', ce_id: 'e', ce_source: '/s', ce_type: 't' }

test('a record that is no CloudEvent becomes one whose identity is its place', () => {
  const record = aRecord({ topic: 'a.b', partition: 2, offset: 7n, timestamp: 0, key: bytes('k'), value: bytes('v') })
  const { id, attributes, data } = eventOf(record, 'made')
  deepEqual(Object.fromEntries(attributes), {
    specversion: '1.0',
    id: 'a.b-2-7',
    source: '/topics/a.b',
    type: 'made',
    time: '1970-01-01T00:00:00.000Z',
    subject: 'k',
  })
  deepEqual([id, String(data)], ['a.b-2-7', 'v'])
})

test('one in binary mode keeps its attributes, and what lacks any that are required is none', () => {
  const own = eventOf(aRecord({ headers: headersOf({ ...whole, ce_x: 'y', 'content-type': 'text/plain' }) }), 'made')
  deepEqual([own.id, own.contentType, own.attributes.at(-1)], ['e', 'text/plain', ['x', 'y']])
  const { ce_source: _, ...half } = whole
  equal(eventOf(aRecord({ headers: headersOf(half) }), 'made').attributes[3]?.[1], 'made')
  const odd = eventOf(aRecord({ headers: headersOf({ ...whole, 'ce_Bad-Name': 'z' }) }), 'made')
  equal(odd.attributes.length, 4)
})

test('one in structured mode is unfolded, whatever its data', () => {
  const unfolded = (more: object) => {
    const value = bytes(JSON.stringify({ specversion: '1.0', id: 'e', source: '/s', type: 't', n: 5, ...more }))
    const headers = headersOf({ 'content-type': 'application/cloudevents+json; charset=utf-8' })
    const { id, contentType, data, attributes } = eventOf(aRecord({ headers, value }), 'made')
    return [id, contentType, data === null ? null : String(data), attributes.find(([name]) => name === 'n')?.[1]]
  }
  deepEqual(unfolded({ data: { a: 1 } }), ['e', 'application/json', '{"a":1}', '5'])
  deepEqual(unfolded({ data: 'x', datacontenttype: 'text/plain' }), ['e', 'text/plain', 'x', '5'])
  deepEqual(unfolded({ data_base64: 'aGk=', datacontenttype: 'image/png' }), ['e', 'image/png', 'hi', '5'])
  deepEqual(unfolded({}), ['e', null, null, '5'])
})

test('what only says that it is structured is taken as it is', () => {
  const headers = headersOf({ 'content-type': 'application/cloudevents+json' })
  for (const text of ['', 'no json', '[]', '7', '{"id":"e"}'])
    equal(eventOf(aRecord({ headers, value: bytes(text) }), 'made').attributes[3]?.[1], 'made', text)
})

test('content types of JSON are known', () => {
  deepEqual(['application/json', 'application/a+json; charset=utf-8', 'text/json'].map(isJson), [true, true, true])
  deepEqual(['text/plain', 'application/jsonp', 'text/plain; a=/json'].map(isJson), [false, false, false])
})
