import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { readCommand } from '../../src/bridge/wire/index.ts'
import { Refusal } from '../../src/worker/answer.ts'
import { Command } from '../../src/worker/command.ts'
import { aRecord, pairs } from '../help/record.ts'

function aCommand(value: Uint8Array | null, headers: Readonly<Record<string, string>> = {}): Command {
  const record = aRecord({
    topic: 'orders.commands',
    partition: 3,
    offset: 12n,
    key: Buffer.from('o-1'),
    value,
    headers: pairs({ 'sluice-correlation-id': 'c', 'sluice-reply-to': 'replies', ...headers }),
  })
  return new Command(readCommand('sluice', record)!, record)
}

test('a command says what the HTTP request said', () => {
  const command = aCommand(Buffer.from('{"amount":42}'), {
    ce_id: 'the-command',
    ce_type: 'place-order',
    'sluice-attempt': '2',
    'http-method': 'POST',
    'http-route': '/orders/:orderId',
    'http-path': '/orders/o%2D1',
    'http-query': 'a=b&a=c',
    'http-param-orderId': 'o-1',
    'http-header-accept-language': 'de',
    'content-type': 'application/json',
    traceparent: '00-1-2-01',
  })
  const { id, attempt, method, route, template, path, query, contentType, place } = command
  deepEqual(
    { id, attempt, method, route, template, path, query, contentType, place },
    {
      id: 'the-command',
      attempt: 2,
      method: 'POST',
      route: 'place-order',
      template: '/orders/:orderId',
      path: '/orders/o%2D1',
      query: 'a=b&a=c',
      contentType: 'application/json',
      place: { topic: 'orders.commands', partition: 3, offset: 12n },
    },
  )
  deepEqual({ ...command.params }, { orderId: 'o-1' })
  deepEqual(command.json(), { amount: 42 })
  equal(command.header('Accept-Language'), 'de')
  equal(command.header('accept'), null)
  deepEqual(command.trace, [['traceparent', '00-1-2-01']])
  equal(String(command.key), 'o-1')
})

test('a tombstone is an empty body, and what is no JSON is refused', () => {
  equal(aCommand(null).body.length, 0)
  equal(aCommand(Uint8Array.from([0xc3, 0xbc])).text(), 'ü')
  for (const body of [null, Buffer.from('{"a":')])
    throws(
      () => aCommand(body).json(),
      (error: unknown) => error instanceof Refusal && error.answer.status === 400,
    )
})

test('a parameter of any name is a parameter and nothing else', () => {
  const { params } = aCommand(null, { 'http-param-__proto__': 'x', 'http-param-constructor': 'y' })
  deepEqual(Object.entries(params), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  equal(params['toString'], undefined)
  equal(({} as Record<string, unknown>)['x'], undefined)
})
