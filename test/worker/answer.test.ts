import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { inspect } from 'node:util'
import { problem, refuse, toReply } from '../../src/worker/answer.ts'
import type { Refusal } from '../../src/worker/answer.ts'
import type { Answer } from '../../src/worker/answer.ts'

const told = (answer?: Answer) => {
  const { status, headers, body } = toReply(answer)
  return [status, Object.fromEntries(headers), Buffer.from(body).toString()]
}

test('a body is bytes, text or JSON, and says so unless the answer says otherwise', () => {
  deepEqual(told({ body: Buffer.from('raw') }), [200, {}, 'raw'])
  deepEqual(told({ body: 'hellö' }), [200, { 'content-type': 'text/plain; charset=utf-8' }, 'hellö'])
  deepEqual(told({ body: { a: [1] } }), [200, { 'content-type': 'application/json' }, '{"a":[1]}'])
  deepEqual(told({ body: false }), [200, { 'content-type': 'application/json' }, 'false'])
  deepEqual(told({ headers: { 'Content-Type': 'text/csv' }, body: 'a;b' }), [
    200,
    { 'content-type': 'text/csv' },
    'a;b',
  ])
})

test('without a status it is 200, or 204 where there is no body', () => {
  deepEqual(told(), [204, {}, ''])
  deepEqual(told({}), [204, {}, ''])
  deepEqual(told({ body: null }), [204, {}, ''])
  deepEqual(told({ status: 201 }), [201, {}, ''])
  deepEqual(told({ body: '' })[0], 204)
})

test('headers may repeat when they are pairs', () => {
  const { headers } = toReply({
    headers: [
      ['Set-A', '1'],
      ['set-a', '2'],
    ],
  })
  deepEqual(headers, [
    ['set-a', '1'],
    ['set-a', '2'],
  ])
})

test('headers may come from a map, or from what fetch gives', () => {
  for (const headers of [new Map([['ETag', '"1"']]), new Headers({ ETag: '"1"' })])
    deepEqual(told({ headers })[1], { etag: '"1"' })
})

test('what is no answer is refused, and not taken for one without a body', () => {
  const given: readonly unknown[] = [
    { orderId: 'o' },
    { status: 201, orderId: 'o' },
    { headers: { x: 5 } },
    { headers: { x: undefined } },
    { headers: { x: null } },
    { headers: { x: ['a', 'b'] } },
    { headers: [['x']] },
    { headers: ['x'] },
    { headers: 'x' },
    { headers: null },
    { status: '201' },
    { retry: true },
    { retry: '5' },
    { body: () => 1 },
    { body: 1n },
    { body: Promise.resolve(1) },
    'done',
    5,
    true,
    ['done'],
    [],
    Buffer.from('done'),
    new Map([['status', 201]]),
    new Error('no'),
  ]
  for (const one of given) throws(() => toReply(one as Answer), TypeError, inspect(one))
  throws(() => toReply({ orderId: 'secret' } as Answer), /an object with orderId: an answer is/)
})

test('a refusal that is given back is the answer, as if it were thrown', () => {
  equal(toReply(refuse(404, 'x')).status, 404)
  throws(() => toReply(refuse(404, 'x', { x: 5 as unknown as string })), TypeError)
})

test('what is no HTTP response is not sent', () => {
  for (const status of [0, 99, 101, 600, 200.5, NaN]) throws(() => toReply({ status }), TypeError)
  for (const value of ['a\r\nb: c', 'a\nb', '\0', '€'])
    throws(() => toReply({ headers: { location: value } }), TypeError)
  for (const name of ['', 'a b', 'a:b', 'ü']) throws(() => toReply({ headers: { [name]: 'x' } }), TypeError)
})

test('a refusal with a text is a problem of that detail, with anything else it is that body', () => {
  deepEqual(told(refuse(404, 'No such order.').answer), [
    404,
    { 'content-type': 'application/problem+json' },
    '{"type":"about:blank","title":"Not Found","status":404,"detail":"No such order."}',
  ])
  deepEqual(told(refuse(409, { open: false }, { 'retry-after': '1' }).answer), [
    409,
    { 'content-type': 'application/json', 'retry-after': '1' },
    '{"open":false}',
  ])
  deepEqual(told(refuse(410).answer), [410, {}, ''])
  equal(refuse(404).stack?.includes('at '), false, 'a refusal costs no stack')
})

test('an answer says whether and when the command may be sent again', () => {
  const said = (refusal: Refusal): unknown[] => {
    const { headers, final } = toReply(refusal.answer)
    return [headers.find(([name]) => name === 'retry-after')?.[1], final]
  }
  deepEqual(said(refuse(503, 'Busy.')), [undefined, undefined])
  deepEqual(said(refuse(503, 'Busy.').retryIn(1_001)), ['2', undefined])
  deepEqual(said(refuse(503, 'Busy.').retryIn(0)), ['0', undefined])
  deepEqual(said(refuse(503, 'Broken.').withoutRetry()), [undefined, true])
  equal(refuse(503, 'Busy.').withoutRetry().message, 'Refused with 503.')
  for (const retry of [-1, NaN, Infinity]) throws(() => toReply({ status: 503, retry }), /no time to wait/)
})

test('a problem may say more', () => {
  equal(
    told(problem(422, 'No.', { field: 'amount' }))[2],
    '{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"No.","field":"amount"}',
  )
})
