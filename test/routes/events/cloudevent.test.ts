import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { binaryEvent, structuredEvent } from '../../../src/routes/events/cloudevent.ts'

const head = { specversion: '1.0', id: 'A234-1234-1234', source: '/mycontext', type: 'com.example.someevent' }
const event = (members: object) => structuredEvent(Buffer.from(JSON.stringify({ ...head, ...members })))
const attributesOf = (members: object) => Object.fromEntries(event(members).attributes)

test('the data of a structured event is the bytes that its client wrote', () => {
  const text = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"amount": 1.50, "n":12345678901234567890}}`
  const { data, contentType } = structuredEvent(Buffer.from(text))
  equal(data.toString(), '{"amount": 1.50, "n":12345678901234567890}')
  equal(contentType, 'application/json')
})

test('data of another type is the text of its string; base64 is its bytes; nothing is nothing', () => {
  const xml = event({ datacontenttype: 'text/xml', data: '<much wow="xml"/>' })
  deepEqual([xml.data.toString(), xml.contentType], ['<much wow="xml"/>', 'text/xml'])
  equal(event({ datacontenttype: 'application/vnd.x+json; a=b', data: 'text' }).data.toString(), '"text"')
  deepEqual([...event({ datacontenttype: 'application/x', data_base64: 'AP8=' }).data], [0, 255])
  equal(event({}).data.length, 0)
  equal(event({ data: null }).data.length, 0)
})

test('attributes are text, truth values and whole numbers; null is none', () => {
  deepEqual(attributesOf({ time: '2018-04-05T17:31:00.123456789Z', flag: true, count: 5, subject: null }), {
    ...head,
    time: '2018-04-05T17:31:00.123456789Z',
    flag: 'true',
    count: '5',
  })
})

test('what is no CloudEvent says why', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ specversion: '0.3' }, /of the version "0.3"/],
    [{ id: '' }, /without the attribute id/],
    [{ type: null }, /without the attribute type/],
    [{ Mixed: 'x' }, /the attribute "Mixed", which is no name/],
    [{ deep: {} }, /"deep" that is neither text/],
    [{ half: 0.5 }, /"half" that is neither text/],
    [{ subject: 'a\nb' }, /control characters/],
    [{ datacontenttype: 'a\nb' }, /control characters/],
    [{ data: 1, data_base64: 'AA==' }, /both data and data_base64/],
    [{ data_base64: '?' }, /no base64/],
    [{ subject: 'x'.repeat(9_000) }, /more than 8192 characters/],
  ]
  for (const [members, message] of cases) throws(() => event(members), { code: 'invalid-request', message })
  throws(() => structuredEvent(Buffer.from('[]')), /no JSON object/)
})

test('in binary mode the headers are the attributes, with %XX as UTF-8, and the body is the data', () => {
  const { attributes, data, contentType } = binaryEvent(
    {
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-subject': 'Euro%20%E2%82%AC',
      'ce-note': '"a \\"b\\""',
      'ce-odd': '100%',
      'ce-datacontenttype': 'text/plain',
      'content-type': 'application/json; charset=UTF-8',
      host: 'a',
    },
    Buffer.from('{}'),
  )
  deepEqual(Object.fromEntries(attributes), {
    specversion: '1.0',
    id: '1',
    source: '/s',
    type: 't',
    subject: 'Euro €',
    note: 'a "b"',
    odd: '100%',
  })
  deepEqual([data.toString(), contentType], ['{}', 'application/json; charset=UTF-8'])
})
