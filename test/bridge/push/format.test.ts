import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { CloudEvent } from '../../../src/bridge/push/event.ts'
import { formats } from '../../../src/bridge/push/format.ts'
import { bytes } from '../../help/record.ts'

const anEvent = (over: Partial<CloudEvent> = {}): CloudEvent => ({
  id: 'e',
  attributes: [
    ['specversion', '1.0'],
    ['id', 'e'],
    ['type', 't'],
    ['time', '2026-01-01T00:00:00Z'],
  ],
  contentType: 'application/json',
  data: bytes('{"n":653247040368672768}'),
  trace: [['traceparent', '00-a']],
  ...over,
})

test('in binary mode attributes are headers, percent-encoded but for what is printable', () => {
  const { headers, body } = formats.binary([anEvent({ attributes: [['note', 'Zoë "1" 100% \u{1f600}\ud800']] })])
  deepEqual(headers.slice(0, 4), [
    'ce-note',
    'Zo%C3%AB%20%221%22%20100%25%20%F0%9F%98%80%EF%BF%BD',
    'content-type',
    'application/json',
  ])
  equal(String(body), '{"n":653247040368672768}')
  equal(formats.binary([anEvent({ data: null })]).body.length, 0)
})

test('in structured mode JSON stays as it is written, text is a string, and all else is base64', () => {
  const data = (over: Partial<CloudEvent>): string =>
    String(formats.structured([anEvent(over)]).body).split(/"time":"[^"]*",?/)[1]!
  equal(data({}), '"datacontenttype":"application/json","data":{"n":653247040368672768}}')
  equal(data({ contentType: 'text/plain', data: bytes('a"b') }), '"datacontenttype":"text/plain","data":"a\\"b"}')
  equal(data({ contentType: null, data: bytes('7') }), '"data":7}')
  equal(data({ contentType: null, data: bytes('no json') }), '"data_base64":"bm8ganNvbg=="}')
  equal(
    data({ contentType: 'text/plain', data: Buffer.from([255]) }),
    '"datacontenttype":"text/plain","data_base64":"/w=="}',
  )
  equal(data({ contentType: null, data: null }), '}')
})

test('a batch is an array of them', () => {
  const { id, headers, body } = formats.batch([anEvent(), anEvent({ data: bytes('1') })])
  deepEqual([id, headers[1]], ['e-2', 'application/cloudevents-batch+json; charset=utf-8'])
  deepEqual(
    (JSON.parse(String(body)) as { data: unknown }[]).map(({ data }) => typeof data),
    ['object', 'number'],
  )
})

test('a webhook has type, timestamp and data', () => {
  deepEqual(JSON.parse(String(formats.webhook([anEvent({ data: bytes('{"a":1}') })]).body)), {
    type: 't',
    timestamp: '2026-01-01T00:00:00Z',
    data: { a: 1 },
  })
  equal(String(formats.webhook([anEvent({ data: null })]).body).endsWith(',"data":null}'), true)
})
