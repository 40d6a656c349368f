import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { partitionOf } from '../../src/bridge/partition.ts'
import { aGateway } from '../help/gateway.ts'

const routes = {
  'read-item': { match: 'GET /orders/:orderId/items/:item', query: { to: 'orders', key: 'path.item' } },
  'by-header': { match: 'POST /by-header', command: { to: 'orders', key: 'header.x-tenant' } },
  'by-field': { match: 'POST /by-field', command: { to: 'orders', key: 'body.order.id' } },
  keyless: { match: 'POST /keyless', command: { to: 'orders' } },
}

test('the key comes from the path, a header or the body, and chooses the partition as Java clients do', async t => {
  const { ask, worker } = await aGateway(t, { routes })
  worker.always(command => void command.reply({}))
  equal((await ask('/orders/o%201/items/%C3%A4')).status, 200)
  equal((await ask('/by-header', { body: {}, headers: { 'x-tenant': 'acme' } })).status, 200)
  equal((await ask('/by-field', { body: { order: { id: 17 } } })).status, 200)
  const { commands } = worker
  deepEqual(
    commands.map(({ key }) => key),
    ['ä', 'acme', '17'],
  )
  for (const { record } of commands) equal(record.partition, partitionOf(record.key!, 12))
  deepEqual(
    commands.map(command => command.header('ce_partitionkey')),
    ['ä', 'acme', '17'],
  )
  equal(commands[0]?.header('http-param-orderId'), 'o 1')
})

test('one key is one partition, whether its bytes come in the path, a header or the body', async t => {
  const { ask, worker } = await aGateway(t, { routes })
  worker.always(command => void command.reply({}))
  const bytes = Buffer.from([0x5a, 0x6f, 0xc3, 0xab])
  await ask('/orders/1/items/Zo%C3%AB')
  await ask('/by-header', { body: {}, headers: { 'x-tenant': bytes.toString('latin1') } }) // one character a byte
  await ask('/by-field', { body: { order: { id: bytes.toString() } } })
  for (const { record } of worker.commands) deepEqual(Buffer.from(record.key!), bytes)
  equal(new Set(worker.commands.map(({ record }) => record.partition)).size, 1)
})

test('commands of one key keep their order, and keyless ones have no key', async t => {
  const { ask, worker } = await aGateway(t, { routes })
  worker.always(command => void command.reply({}))
  for (let n = 0; n < 20; n++) await ask('/by-field', { body: { order: { id: 'same' }, n } })
  deepEqual(
    worker.commands.map(({ body }) => (JSON.parse(body) as { n: number }).n),
    Array.from({ length: 20 }, (_, n) => n),
  )
  equal(new Set(worker.commands.map(({ record }) => record.partition)).size, 1)
  await ask('/keyless', { body: {} })
  const keyless = worker.commands.at(-1)
  equal(keyless?.key, null)
  equal(keyless?.header('ce_partitionkey'), undefined)
})

test('a request without its key is 400, and nothing is sent', async t => {
  const { ask, worker } = await aGateway(t, { routes })
  const refused = [
    await ask('/by-header', { body: {} }),
    await ask('/by-field', { body: {} }),
    await ask('/by-field', { body: { order: { id: { nested: true } } } }),
    await ask('/by-field', { body: '{"order"', headers: { 'content-type': 'application/json' } }),
    await ask('/by-field', { method: 'POST' }),
    await ask('/by-field', { body: `${'['.repeat(65)}${']'.repeat(65)}` }),
    await ask('/by-field', { body: '{"__proto__":{"order":{"id":"x"}}}' }),
  ]
  deepEqual(
    refused.map(({ status, code, outcome }) => `${status} ${code} ${outcome}`),
    refused.map(() => '400 invalid-request not-sent'),
  )
  equal(worker.commands.length, 0)
})

test('a body is passed on byte by byte, whatever it is, when the key is not in it', async t => {
  const { ask, worker } = await aGateway(t, { routes })
  const body = Buffer.from([0, 0xff, 0x7b, 0x0a, 0x80])
  worker.always(command => void command.reply({ body: Buffer.from(command.record.value!) }))
  const answer = await ask('/keyless', { body, headers: { 'content-type': 'application/octet-stream' } })
  deepEqual(answer.bytes, body)
  equal(worker.commands[0]?.header('content-type'), 'application/octet-stream')
})
