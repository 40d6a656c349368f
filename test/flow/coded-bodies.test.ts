import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { gunzipSync, gzipSync } from 'node:zlib'
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

const decoding = { routes: { 'place-order': { decode: ['gzip'], bodyBytes: 10_000 } } }

test('where the route undoes it, the worker gets it plain, and its key is in it', async t => {
  const { ask, worker } = await aGateway(t, decoding)
  const asked = ask('/orders', { method: 'POST', body, headers: gzip })
  const command = await worker.next()
  deepEqual([command.body, command.key, command.header('content-encoding')], ['{"orderId":"o-1"}', 'o-1', undefined])
  await command.reply({})
  equal((await asked).status, 200)
})

test('a body that unfolds to more than is taken is refused before it has unfolded', async t => {
  const { ask, worker } = await aGateway(t, decoding)
  const bomb = gzipSync(Buffer.alloc(1_048_576, ' '))
  const { status, code, outcome } = await ask('/orders', { method: 'POST', body: bomb, headers: gzip })
  deepEqual([status, code, outcome, worker.commands.length], [413, 'too-large', 'not-sent', 0])
})

test('a reply is compressed for a client that asks for it, and for nobody else', async t => {
  const { ask, worker } = await aGateway(t, { routes: { 'read-order': { compress: { minBytes: 100 } } } })
  worker.always(command => void command.reply({ body: `"${'a'.repeat(1_000)}"` }))
  const coded = await ask('/orders/1', { headers: { 'accept-encoding': 'gzip' } })
  deepEqual([coded.headers['content-encoding'], coded.headers.vary], ['gzip', 'Accept-Encoding'])
  equal(coded.headers['content-length'], String(coded.bytes.length))
  equal(gunzipSync(coded.bytes).length, 1_002)
  const plain = await ask('/orders/1')
  deepEqual(
    [plain.headers['content-encoding'], plain.text.length, plain.headers.vary],
    [undefined, 1_002, 'Accept-Encoding'],
  )
})
