import { test } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { aGateway, anOrder, openGateway } from '../help/gateway.ts'
import { filesOf } from '../help/files.ts'
import type { Scope } from '../help/scope.ts'

const order = {
  type: 'object',
  required: ['orderId', 'amount'],
  properties: { orderId: { type: 'string' }, amount: { type: 'number', minimum: 0 } },
  additionalProperties: false,
}
const receipt = { type: 'object', required: ['receipt'] }

function schemaOf(t: Scope, mode = 'enforce') {
  const folder = filesOf(t, { 'order.json': order, 'receipt.json': receipt })
  return { request: { file: join(folder, 'order.json'), mode }, reply: { file: join(folder, 'receipt.json'), mode } }
}
/** A document to be looked into. */
type Any = any // oxlint-disable-line
const over = (schema: object) => ({ routes: { 'place-order': { schema } } })

test('a body that violates its schema is refused with all that is wrong, and nothing is sent', async t => {
  const { ask, worker } = await aGateway(t, over(schemaOf(t)))
  const { status, code, outcome, json } = await ask('/orders', { body: { orderId: 'o-1', amount: -1, extra: true } })
  deepEqual([status, code, outcome], [422, 'schema-violation', 'not-sent'])
  deepEqual(json['errors'], [
    { pointer: '/extra', message: 'is not known' },
    { pointer: '/amount', message: 'must be >= 0' },
  ])
  equal((await ask('/orders', { body: Buffer.from('{"orderId":"o-1"') })).code, 'invalid-request')
  equal(worker.commands.length, 0)
})

test('a body that holds goes on byte by byte, and so does a reply that holds', async t => {
  const { ask, worker } = await aGateway(t, over(schemaOf(t)))
  const text = '{ "orderId":"o-1", "amount":12345678901234567890.10 }'
  const asked = ask('/orders', { body: Buffer.from(text) })
  const command = await worker.next()
  equal(command.body, text)
  await command.reply({ body: '{"receipt":12345678901234567890}' })
  equal((await asked).text, '{"receipt":12345678901234567890}')
})

test('a reply that violates its schema is 502, a refusal of the worker passes', async t => {
  const { ask, worker } = await aGateway(t, over(schemaOf(t)))
  worker.always(command => void command.reply({ body: '{}' }))
  const { code, outcome, json } = await ask('/orders', { body: anOrder })
  deepEqual([code, outcome, json['policy']], ['bad-reply', 'sent', 'schema'])
  match(String(json['detail']), /must have required property 'receipt'/)
  worker.always(command => void command.reply({ status: 409, body: '{}' }))
  equal((await ask('/orders', { body: anOrder })).status, 409)
})

test('observed, both are only counted', async t => {
  const { ask, worker, admin } = await aGateway(t, over(schemaOf(t, 'observe')))
  worker.always(command => void command.reply({ body: '{}' }))
  equal((await ask('/orders', { body: { ...anOrder, extra: true } })).status, 200)
  equal((await admin.metrics()).sum('sluice_observed_refusals_total', { policy: 'schema' }), 2)
})

test('the documents show the schemas', async t => {
  const { ask } = await openGateway(t, { ...over(schemaOf(t)), api: { expose: true } })
  const openapi = (await ask('/openapi.json')).json as never as Any
  const operation = openapi['paths']['/orders'].post
  const ref = operation.requestBody.content['application/json'].schema.$ref
  deepEqual(
    [ref, openapi['components'].schemas['place-order.request']],
    ['#/components/schemas/place-order.request', order],
  )
  deepEqual(openapi['components'].schemas['place-order.reply'], receipt)
  equal(operation.responses['2XX'].content['application/json'].schema.$ref, '#/components/schemas/place-order.reply')
  match(operation.responses[422].description, /schema-violation/)
  const asyncapi = (await ask('/asyncapi.json')).json as never as Any
  deepEqual(asyncapi['components'].schemas['place-order.request'], order)
})

test('a schema that does not compile ends the start with one line', async t => {
  const file = join(filesOf(t, { 'order.json': { type: 'text' } }), 'order.json')
  await rejects(
    openGateway(t, over({ request: { file } })),
    /^Error: routes\.place-order\.schema\.request: order\.json does not compile: [^\n]+$/,
  )
})

test('clients speak JSON, the topic Avro, and no digit is lost on either way', async t => {
  const field = (name: string, type: unknown) => ({ name, type })
  const money = { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 2 }
  const avsc = { type: 'record', name: 'Order', fields: [field('orderId', 'long'), field('amount', money)] }
  const file = join(filesOf(t, { 'order.avsc': avsc }), 'order.avsc')
  const { ask, worker } = await aGateway(t, over({ request: { file }, reply: { file } }))
  const asked = ask('/orders', { body: Buffer.from('{"amount":12345678901234567890.5,"orderId":9007199254740993}') })
  const command = await worker.next()
  equal(command.header('content-type'), 'application/avro')
  equal(command.key, '9007199254740993')
  equal(
    Buffer.from(command.record.value ?? [])
      .subarray(0, 8)
      .toString('hex'),
    '8280808080808020',
  )
  await command.reply({ body: command.record.value as Uint8Array, headers: { 'content-type': 'application/avro' } })
  const { text, headers } = await asked
  equal(text, '{"orderId":9007199254740993,"amount":12345678901234567890.50}')
  equal(headers['content-type'], 'application/json')
  equal((await ask('/orders', { body: { orderId: 1, amount: 1.005 } })).status, 422)
})
