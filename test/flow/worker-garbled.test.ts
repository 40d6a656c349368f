import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Replied } from '../help/hand.ts'
import { bytes, pairs } from '../help/record.ts'
import { until } from '../help/until.ts'

const mebi = 1_048_576
const patient = { workers: { orders: { breaker: { consecutive: 1_000, minCalls: 1_000 } } } }

test('a cut body passes as it came: what is in it is between the worker and the client', async t => {
  const { ask, worker } = await aGateway(t)
  worker.always(command => void command.reply({ status: 201, body: '{"orderId":"o-' }))
  const answer = await ask('/orders', { body: anOrder })
  equal(answer.status, 201)
  equal(answer.text, '{"orderId":"o-')
  equal(answer.outcome, 'sent')
})

test('a reply that is no HTTP response is 502 bad-reply, sent, and the process goes on', async t => {
  const { ask, admin, worker } = await aGateway(t, patient)
  const garbled: Readonly<Record<string, Replied>> = {
    'status 99': { status: 99 },
    'status 101': { status: 101 },
    'status 600': { status: 600 },
    'a status that is no number': { status: '2OO' },
    'no status at all': { status: '' },
    'a line break in a header': { status: 200, headers: { 'http-header-location': '/orders\r\nset-cookie: a=b' } },
    'a NUL in the content type': { status: 200, headers: { 'content-type': 'text/plain\0' } },
    'a space in the name of a header': { status: 200, headers: { 'http-header-set cookie': 'a=b' } },
    'more headers than anybody has': {
      status: 200,
      headers: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`http-header-x-${i}`, 'x'])),
    },
  }
  for (const [what, reply] of Object.entries(garbled)) {
    const asked = ask('/orders', { body: anOrder })
    await (await worker.next()).reply(reply)
    const answer = await asked
    equal(answer.status, 502, what)
    equal(answer.code, 'bad-reply', what)
    equal(answer.outcome, 'sent', what)
    ok(!('set-cookie' in answer.headers), what)
  }
  const count = Object.keys(garbled).length
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_calls_total', { status: '5xx', outcome: 'sent', code: 'bad-reply' }), count)
  equal(metrics.sum('sluice_replies_total', { class: 'answered' }), count)

  const asked = ask('/orders', { body: anOrder })
  await (await worker.next()).reply({ status: 201 })
  equal((await asked).status, 201)
})

test('a reply of 10 MiB is 502 above replies.maxBytes, and passes whole below it', async t => {
  const large = { maxMessageBytes: 16 * mebi, bytes: 64 * mebi }
  for (const [maxMebi, status] of [
    [4, 502],
    [11, 200],
  ] as const) {
    const broker = new MemoryBroker(large)
    t.after(() => broker[Symbol.asyncDispose]())
    const { ask, worker } = await aGateway(t, { replies: { maxBytes: maxMebi * mebi } }, { broker })
    const body = Buffer.alloc(10 * mebi, 'sluice')
    worker.always(command => void command.reply({ body, headers: { 'content-type': 'text/plain' } }))
    const answer = await ask('/orders', { body: anOrder })
    equal(answer.status, status)
    if (status === 200) ok(answer.bytes.equals(body))
    else match(answer.text, /10485760 bytes, over the limit of 4194304/)
  }
})

test('what a worker says of the connection, or in the name of the gateway, is dropped', async t => {
  const { ask, worker } = await aGateway(t, {
    routes: {
      'place-order': {
        replyHeaders: ['content-length', 'transfer-encoding', 'connection', 'sluice-outcome', 'date', 'etag'],
      },
    },
  })
  const forged = { 'content-length': '3', 'transfer-encoding': 'chunked', connection: 'close', date: 'never' }
  worker.always(command => {
    const headers = { ...forged, 'sluice-outcome': 'not-sent', etag: '"1"' }
    void command.reply({
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [`http-header-${name}`, value])),
    })
  })
  const answer = await ask('/orders', { body: anOrder })
  deepEqual(answer.json, anOrder)
  equal(answer.headers['content-length'], String(answer.bytes.length))
  equal(answer.headers['transfer-encoding'], undefined)
  equal(answer.headers.connection, 'keep-alive')
  equal(answer.outcome, 'sent')
  equal(answer.headers.etag, '"1"')
  ok(answer.headers.date !== 'never')
})

test('replies that belong to no call are told apart, counted by class and reach nobody', async t => {
  const { ask, admin, worker } = await aGateway(t)
  const asked = ask('/orders', { body: anOrder })
  const command = await worker.next()
  const id = command.header('sluice-correlation-id')!
  const [instance, incarnation, sequence, secret] = id.split('.')
  await command.reply({ correlation: `${instance}.${incarnation}.${sequence}.${'A'.repeat(22)}`, body: '"forged"' })
  await command.reply({ correlation: `${instance}.${incarnation}.999.${secret}`, body: '"forged"' })
  await command.reply({ correlation: `${instance}.earlier.${sequence}.${secret}`, body: '"stale"' })
  await command.reply({ correlation: `another.${incarnation}.${sequence}.${secret}`, body: '"foreign"' })
  await command.reply({ correlation: Buffer.from([0xff, 0xfe, 0]), body: '"foreign"' })
  await command.publish(pairs({ 'sluice-status': '200' }), bytes('"unmarked"'))
  await command.reply({ status: 201, body: '"mine"' })
  equal((await asked).text, '"mine"')
  const metrics = await until('all are counted', async () => {
    const metrics = await admin.metrics()
    return metrics.sum('sluice_replies_total') === 7 ? metrics : null
  })
  const counts = ['answered', 'forged', 'stale', 'foreign', 'unmarked', 'late', 'duplicate'].map(name => [
    name,
    metrics.sum('sluice_replies_total', { class: name }),
  ])
  deepEqual(Object.fromEntries(counts), {
    answered: 1,
    forged: 2,
    stale: 1,
    foreign: 2,
    unmarked: 1,
    late: 0,
    duplicate: 0,
  })
})
