import { suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Parser } from '@asyncapi/parser'
import { load, shipped } from '../../config/load.ts'
import { Config } from '../../config/schema/index.ts'
import { asyncapi } from '../../src/bridge/asyncapi.ts'
import { everything } from '../help/everything.ts'

type Diagnostic = Readonly<{ severity: number; message: string; path: readonly (string | number)[] }> // 0: an error
type Named = Readonly<Record<string, Record<string, unknown>>>
type Document = Readonly<{ servers: Named; channels: Named; operations: Named }>
const { config: asShipped } = load(shipped, { env: {} })
const configs = { 'a route of every kind': everything, 'as shipped': asShipped ?? everything } as const

for (const [what, config] of Object.entries(configs))
  suite(`The AsyncAPI document, ${what}`, () => {
    test('is valid for the parser of AsyncAPI', async () => {
      const diagnostics = (await new Parser().validate(JSON.stringify(asyncapi(config)))) as readonly Diagnostic[]
      const errors = diagnostics.filter(({ severity }) => severity === 0)
      deepEqual(
        errors.map(({ message, path }) => `${path.join('.')}: ${message}`),
        [],
      )
    })
  })

const { servers, channels, operations } = asyncapi(everything) as Document

test('brokers are servers, topics are channels with their bindings', () => {
  deepEqual(servers['broker-2'], { host: 'kafka-2:9092', protocol: 'kafka-secure' })
  equal(channels['orders_commands']?.['address'], 'orders.commands')
  deepEqual((channels['signals'] as { bindings: { kafka: object } }).bindings.kafka, {
    topic: 'signals',
    partitions: 12,
    bindingVersion: '0.5.0',
  })
})

test('how the brokers know who comes is told', async () => {
  const secured = Config.parse({
    broker: {
      brokers: 'kafka:9092',
      tls: { certFile: 'a', keyFile: 'b' },
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    },
    routes: {},
  })
  const document = asyncapi(secured) as Document
  const { security } = document.servers['broker-1'] as { security: { type: string }[] }
  deepEqual(
    security.map(({ type }) => type),
    ['scramSha512', 'X509'],
  )
  const diagnostics = (await new Parser().validate(JSON.stringify(document))) as readonly Diagnostic[]
  deepEqual(
    diagnostics.filter(({ severity }) => severity === 0),
    [],
  )
})

test('a command is sent, and its reply comes where the header of the dialect says', () => {
  const { action, reply } = operations['stock'] as { action: string; reply: Record<string, Record<string, string>> }
  equal(action, 'send')
  equal(reply['address']?.['location'], '$message.header#/kafka_replyTopic')
  equal(reply['channel']?.['$ref'], '#/channels/gateway_replies')
  const messages = channels['quotes_commands']?.['messages'] as Record<string, { correlationId: { location: string } }>
  equal(messages['quote']?.correlationId.location, '$message.header#/x-id')
})

test('what is always an operation is answered on the topic of their replies', () => {
  const { reply } = operations['report'] as { reply: { channel: { $ref: string } } }
  equal(reply.channel.$ref, '#/channels/sluice_operations_replies')
})

test('the messages of a reply are among those of its channel', () => {
  for (const { reply } of Object.values(operations) as { reply?: { messages: { $ref: string }[] } }[])
    for (const { $ref } of reply?.messages ?? []) {
      const [, , channel = '', , message = ''] = $ref.split('/')
      ok(Object.hasOwn(channels[channel]?.['messages'] as object, message), $ref)
    }
})

test('a view receives from its topic', () => {
  equal(channels['lamps_state']?.['address'], 'lamps.state')
  equal(operations['one-lamp-lamps_state']?.['action'], 'receive')
})

test('a command that domain events answer asks for no reply, and names them', () => {
  const { reply } = operations['pay-order'] as { reply: { channel: { $ref: string }; address?: object } }
  equal(reply.channel.$ref, '#/channels/payments_events')
  equal(reply.address, undefined)
  deepEqual(Object.keys(channels['payments_events']?.['messages'] as object), ['payment_taken', 'payment_refused'])
  const messages = channels['orders_commands']?.['messages'] as Record<string, { headers: { required: string[] } }>
  equal(messages['pay-order']?.headers.required.includes('sluice-reply-to'), false)
})

test('the steps of a process, and what undoes them, are commands of their workers', () => {
  const names = Object.keys(channels['orders_commands']?.['messages'] as object)
  deepEqual(
    names.filter(name => name.startsWith('trip_')),
    ['trip_pay', 'trip_pay_undo'],
  )
  equal(operations['trip_pack']?.['action'], 'send')
})

test('a query that is gathered is sent to all of its workers', () => {
  deepEqual(
    ['compare', 'compare-stock'].map(name => operations[name]?.['action']),
    ['send', 'send'],
  )
  ok(Object.hasOwn(channels['stock_commands']?.['messages'] as object, 'compare'))
})
