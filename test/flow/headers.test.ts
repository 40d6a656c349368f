import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('of the request the worker gets what the route lists, the trace and the CloudEvent, and nothing else', async t => {
  const { ask, worker } = await aGateway(t, {
    routes: { 'place-order': { requestHeaders: ['x-tenant', 'accept-language'] } },
  })
  worker.always(command => void command.reply({ status: 201 }))
  const answer = await ask('/orders?dry-run=1&x=%20', {
    body: anOrder,
    headers: {
      'x-tenant': 'acme',
      'accept-language': 'de',
      'x-secret': 'canary',
      cookie: 'canary',
      authorization: 'canary',
      traceparent,
      'sluice-correlation-id': 'canary',
      'sluice-reply-to': 'canary',
      ce_id: 'canary',
      kafka_correlationId: 'canary',
      'http-method': 'canary',
    },
  })
  equal(answer.status, 201)
  const command = worker.commands[0]!
  const said = Object.fromEntries(command.record.headers.map(([name, value]) => [name, Buffer.from(value).toString()]))
  equal(said['http-header-x-tenant'], 'acme')
  equal(said['http-header-accept-language'], 'de')
  equal(said['http-method'], 'POST')
  equal(said['http-path'], '/orders')
  equal(said['http-query'], 'dry-run=1&x=%20')
  equal(said['http-route'], '/orders')
  equal(said['content-type'], 'application/json')
  equal(said['traceparent'], traceparent)
  equal(said['ce_specversion'], '1.0')
  equal(said['ce_type'], 'place-order')
  equal(said['ce_subject'], '/orders')
  match(said['ce_source']!, /^\/sluice\/sluice-/)
  match(said['ce_time']!, /^\d{4}-\d\d-\d\dT/)
  equal(said['sluice-attempt'], '1')
  equal(said['sluice-reply-to'], 'gateway.replies')
  const text = JSON.stringify([said, command.key, Object.keys(said)])
  ok(!text.includes('canary') && !text.includes('secret'), text)
  equal(new Set(Object.keys(said)).size, command.record.headers.length, 'no name twice')
})

test('the correlation id is nowhere in an answer, and the id of the command is not the call id', async t => {
  const { ask, worker } = await aGateway(t)
  worker.always(command => void command.reply({ status: 201 }))
  const answer = await ask('/orders', { body: anOrder })
  const command = worker.commands[0]!
  const told = JSON.stringify([answer.headers, answer.text])
  ok(!told.includes(command.header('sluice-correlation-id')!))
  ok(answer.headers['sluice-call-id'] !== command.header('ce_id'))
})

test('of the reply the client gets the status, the content type and what the route lists', async t => {
  const { ask, worker } = await aGateway(t)
  worker.always(
    command =>
      void command.reply({
        status: 409,
        body: 'größer',
        headers: {
          'content-type': 'text/plain; charset=utf-8',
          'http-header-etag': '"7"',
          'http-header-Location': '/orders/o-1',
          'http-header-x-internal': 'canary',
          'http-header-set-cookie': 'canary',
          etag: 'canary',
        },
      }),
  )
  const answer = await ask('/orders', { body: anOrder })
  equal(answer.status, 409)
  equal(answer.text, 'größer')
  equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
  equal(answer.headers.etag, '"7"')
  equal(answer.headers.location, '/orders/o-1')
  ok(!JSON.stringify(answer.headers).includes('canary'))
})

test('204, 304 and HEAD have no body, whatever the worker answers', async t => {
  const { ask, worker } = await aGateway(t)
  for (const status of [204, 304]) {
    worker.always(command => void command.reply({ status, body: 'not to be seen' }))
    const answer = await ask('/orders', { body: anOrder })
    deepEqual([answer.status, answer.text], [status, ''])
  }
  worker.always(command => void command.reply({ status: 200, body: '{"orderId":"o-1"}' }))
  const answer = await ask('/orders/o-1', { method: 'HEAD' })
  deepEqual([answer.status, answer.text, answer.headers['content-length']], [200, '', '17'])
  equal(worker.commands.at(-1)?.header('http-method'), 'HEAD')
  equal((await ask('/orders/o-1')).text, '{"orderId":"o-1"}', 'the connection is still in step')
})
