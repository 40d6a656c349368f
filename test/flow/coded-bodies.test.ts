import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { aGateway } from '../help/gateway.ts'

const body = gzipSync('{"orderId":"o-1"}')
const gzip = { 'content-encoding': 'gzip', 'content-type': 'application/json' }

test('a coded body is refused where nothing says that the worker takes it, and the answer says what is taken', async t => {
  const { ask, worker } = await aGateway(t)
  const { status, code, outcome, headers } = await ask('/orders', { method: 'POST', body, headers: gzip })
  deepEqual([status, code, outcome], [415, 'unsupported-coding', 'not-sent'])
  equal(headers['accept-encoding'], 'identity')
  equal(worker.commands.length, 0)
})

test('where the route takes it, the worker gets the bytes as they came and is told how they are coded', async t => {
  const { ask, worker } = await aGateway(t, {
    routes: { keyless: { match: 'POST /keyless', command: { to: 'orders' }, contentEncodings: ['gzip'] } },
  })
  const asked = ask('/keyless', { method: 'POST', body, headers: gzip })
  const command = await worker.next()
  equal(command.header('content-encoding'), 'gzip')
  deepEqual(Buffer.from(command.record.value ?? []), body)
  await command.reply({})
  equal((await asked).status, 200)
  const other = await ask('/keyless', { method: 'POST', body, headers: { ...gzip, 'content-encoding': 'br' } })
  deepEqual([other.status, other.headers['accept-encoding']], [415, 'identity, gzip'])
})
