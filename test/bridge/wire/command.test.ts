import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { readCommand, replyHeaders } from '../../../src/bridge/wire/command.ts'
import { correlationNames, correlationOf } from '../../../src/bridge/wire/correlation.ts'
import { rowOf } from '../../../src/bridge/wire/dialect.ts'
import { envelope } from '../../../src/bridge/wire/envelope.ts'
import { replyReader } from '../../../src/bridge/wire/reply.ts'
import { onTheWire } from '../../../src/clock.ts'
import { aCall } from '../../help/call.ts'
import { aRecord, bytes, header, pairs } from '../../help/record.ts'
import { dialects, route, told } from '../../help/wire.ts'

for (const [name, dialect] of dialects)
  test(`a worker reads from a command what the gateway wrote, in dialect ${name}`, () => {
    const call = aCall({ told, key: bytes('o-1') })
    const headers = envelope({ ...route, dialect })(call, 'a.b.1.secret')
    const origin = readCommand(dialect, aRecord({ headers }))!
    equal(Buffer.from(origin.correlation).toString(), 'a.b.1.secret')
    equal(origin.replyTopic, 'gateway.replies')
    equal(origin.replyPartition, rowOf(dialect).replyPartition === null ? null : 7)
    equal(origin.commandId, call.command)
    equal(origin.attempt, 1)
    equal(Math.abs(origin.expires! - onTheWire(call.expires)) <= 2, true)
    deepEqual(origin.told, { ...told, route: 'place-order', template: '/orders/:orderId' })
  })

test('a worker’s final answer says so, in every dialect', () => {
  for (const [, dialect] of dialects)
    for (const final of [true, false]) {
      const headers = replyHeaders(dialect, { correlation: bytes('x') }, { status: 503, headers: [], final })
      equal(header(headers, 'sluice-retry'), final ? 'no' : undefined)
    }
})

test('an event names nobody to answer', () => {
  const headers = envelope({ ...route, dialect: 'sluice', reply: null })(aCall(), '')
  equal(readCommand('sluice', aRecord({ headers })), null)
  equal(
    headers.some(([name]) => /correlation|reply/.test(name)),
    false,
  )
})

for (const [name, dialect] of dialects)
  test(`the gateway reads from a reply what a worker wrote, in dialect ${name}`, () => {
    const headers = replyHeaders(
      dialect,
      { correlation: bytes('a.b.1.secret') },
      {
        status: 201,
        headers: [
          ['Content-Type', 'text/plain'],
          ['Location', '/orders/1'],
        ],
      },
    )
    const record = aRecord({ headers, value: bytes('done') })
    equal(
      correlationOf(record, correlationNames([dialect]), () => true),
      'a.b.1.secret',
    )
    const reply = replyReader({ dialect, maxReplyBytes: 1_000 })(record, 'orders')
    equal(reply.status, 201)
    deepEqual(reply.headers, [
      ['content-type', 'text/plain'],
      ['location', '/orders/1'],
    ])
    equal(Buffer.from(reply.body).toString(), 'done')
  })

test('a command that names a topic which is none, or one of Kafka’s own, is answered to nobody', () => {
  const command = (topic: string): unknown =>
    readCommand('sluice', aRecord({ headers: pairs({ 'sluice-correlation-id': 'x', 'sluice-reply-to': topic }) }))
  equal(command('../etc'), null)
  equal(command('__consumer_offsets'), null)
  equal(command(''), null)
})

test('the last header of a name is the one that is meant', () => {
  const headers = [
    ...pairs({ 'sluice-correlation-id': 'x', 'sluice-reply-to': 'a' }),
    ...pairs({ 'sluice-reply-to': 'b', 'sluice-expires': '5' }),
  ]
  equal(readCommand('sluice', aRecord({ headers }))?.replyTopic, 'b')
})
