import { test } from 'node:test'
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import type { Headers } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { openGateway } from '../help/gateway.ts'
import type { Opened, Part } from '../help/gateway.ts'
import { listenTo } from '../help/listener.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const never = new AbortController().signal
const sent = { key: null as Uint8Array | null, headers: [] as Headers, acks: 'all' as const, signal: never }

const usual: Part = {
  workers: null,
  routes: {
    'place-order': null,
    'read-order': null,
    signal: null,
    orders: { match: 'GET /orders', stream: { topics: ['orders'], partitions: 3 }, delivery: 'replayable' },
    'one-order': {
      match: 'GET /orders/:orderId',
      stream: { topics: ['orders'], partitions: 3, filter: [{ of: '/orderId', equals: 'path.orderId' }] },
    },
  },
}

type Running = Opened & { url: string; publish: (partition: number, value: string, key?: string) => Promise<unknown> }

async function running(t: Scope, over: Part = {}, broker = new MemoryBroker()): Promise<Running> {
  const routes = { ...(usual['routes'] as Part), ...(over['routes'] as Part | undefined) }
  const opened = await openGateway(t, { ...usual, ...over, routes, workers: undefined }, { broker })
  await opened.gateway.ready
  const publish = (partition: number, value: string, key?: string): Promise<unknown> =>
    broker.publish({
      ...sent,
      topic: 'orders',
      partition,
      key: key === undefined ? null : Buffer.from(key),
      value: Buffer.from(value),
    })
  return { ...opened, url: opened.gateway.url, publish }
}

test('a client hears what comes while it is connected, each record once and in order', async t => {
  const { url, publish } = await running(t)
  await publish(0, '{"n":0}')
  const one = await listenTo(t, `${url}/orders`).open()
  equal(one.status, 200)
  equal(one.headers['content-type'], 'text/event-stream')
  equal(one.headers['cache-control'], 'no-store')
  for (let n = 1; n <= 100; n++) await publish(n % 3, JSON.stringify({ n }))
  const messages = (await one.messages(100)).map(text => (JSON.parse(text) as { n: number }).n)
  equal(new Set(messages).size, 100)
  for (const partition of [0, 1, 2])
    deepEqual(
      messages.filter(n => n % 3 === partition),
      Array.from({ length: 100 }, (_, n) => n + 1).filter(n => n % 3 === partition),
    )
  ok((one.retryMs ?? 0) >= 1_000 && (one.retryMs ?? 0) <= 3_000)
})

test('a client that was cut goes on where it was, whether by header or by query', async t => {
  const { url, publish } = await running(t)
  const first = await listenTo(t, `${url}/orders`).open()
  for (let n = 0; n < 30; n++) await publish(n % 3, `${n}`)
  await first.messages(30)
  first.close()
  for (let n = 30; n < 60; n++) await publish(n % 3, `${n}`)
  const id = first.heard[19]!.id
  const known = new Set(first.data.slice(0, 20))
  const wanted = Array.from({ length: 60 }, (_, n) => `${n}`)
    .filter(text => !known.has(text))
    .toSorted()
  const byHeader = listenTo(t, `${url}/orders`, { headers: { 'last-event-id': id } })
  deepEqual([...(await byHeader.messages(40))].toSorted(), wanted)
  const byQuery = listenTo(t, `${url}/orders?lastEventId=${id}`)
  deepEqual([...(await byQuery.messages(40))].toSorted(), wanted)
  await publish(0, 'live')
  equal((await byHeader.messages(41)).at(-1), 'live')
  equal((await byQuery.messages(41)).at(-1), 'live')
})

test('what no longer stands in the window is read from the topic, while more comes', async t => {
  const stream = { topics: ['orders'], partitions: 3, windowRecords: 10 }
  const { url, publish } = await running(t, {
    routes: { orders: { match: 'GET /orders', stream, delivery: 'replayable' } },
  })
  for (let n = 0; n < 3_000; n++) await publish(n % 3, `${n}`)
  const late = listenTo(t, `${url}/orders?from=earliest`)
  for (let n = 3_000; n < 6_000; n++) {
    await publish(n % 3, `${n}`)
    if (n % 100 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  const messages = (await late.messages(6_000)).map(Number)
  equal(new Set(messages).size, 6_000)
  for (const partition of [0, 1, 2]) {
    const some = messages.filter(n => n % 3 === partition)
    deepEqual(
      some,
      some.toSorted((a, b) => a - b),
    )
  }
  equal(messages.length, 6_000)
})

test('only what the filter of the route lets through is heard', async t => {
  const { url, publish } = await running(t)
  const [a, b] = await Promise.all(['a', 'b'].map(id => listenTo(t, `${url}/orders/${id}`).open()))
  await publish(0, '{"orderId":"a","n":1}')
  await publish(0, '{"orderId":"b","n":2}')
  await publish(0, '{"no":"orderId"}')
  await publish(0, 'no JSON')
  await publish(1, '{"orderId":"a","n":3}')
  deepEqual(await a!.messages(2), ['{"orderId":"a","n":1}', '{"orderId":"a","n":3}'])
  deepEqual(await b!.messages(1), ['{"orderId":"b","n":2}'])
})

test('a client that heard nothing for long goes on behind what it did not want', async t => {
  const stream = { topics: ['orders'], heartbeatMs: 100, filter: [{ of: '/orderId', equals: 'path.orderId' }] }
  const { url, publish } = await running(t, { routes: { 'one-order': { match: 'GET /orders/:orderId', stream } } })
  const quiet = await listenTo(t, `${url}/orders/quiet`).open()
  const before = quiet.lastId
  await publish(0, '{"orderId":"other"}')
  await until('a heartbeat has moved its position', () => quiet.lastId !== before)
  deepEqual(quiet.heard, [])
})

test('a position that nobody gave out, or of another route, is refused', async t => {
  const { url, ask, publish } = await running(t)
  const other = await listenTo(t, `${url}/orders/a`).open()
  await publish(0, '{"orderId":"a"}')
  await other.messages(1)
  for (const id of ['garbage', 'AAAA', '%00', `${other.lastId}x`, other.lastId.slice(0, -2), other.lastId]) {
    const { status, code } = await ask(`/orders?lastEventId=${id}`)
    deepEqual([status, code], [400, 'invalid-request'], id)
  }
  match((await ask(`/orders?lastEventId=${other.lastId}`)).text, /another route/)
  equal((await ask('/orders?from=yesterday')).status, 400)
  equal((await ask('/orders/a?from=earliest')).status, 400, 'the route is not replayable')
  equal((await ask(`/orders?lastEventId=${'x'.repeat(65_536)}`)).status, 414)
})

test('a position that retention has deleted is told with how many are missed', async t => {
  const { url, publish } = await running(
    t,
    { routes: { orders: { match: 'GET /orders', stream: { topics: ['orders'], partitions: 1, windowRecords: 10 } } } },
    new MemoryBroker({ records: 100 }),
  )
  const first = await listenTo(t, `${url}/orders`).open()
  await publish(0, 'first')
  await first.messages(1)
  first.close()
  for (let n = 0; n < 300; n++) await publish(0, `${n}`)
  const late = listenTo(t, `${url}/orders`, { headers: { 'last-event-id': first.lastId } })
  const gap = JSON.parse((await late.event('gap')).data) as unknown
  deepEqual(gap, { topic: 'orders', partition: 0, missed: 200, reason: 'retention' })
  deepEqual(
    await late.messages(100),
    Array.from({ length: 100 }, (_, n) => `${n + 200}`),
  )
})

test('a position of another cluster is told as a gap for each partition, and all that is in this one comes', async t => {
  const [here, there] = [await running(t), await running(t)]
  const listener = await listenTo(t, `${there.url}/orders`).open()
  for (let n = 0; n < 3; n++) await there.publish(n, `there ${n}`)
  await listener.messages(3)
  for (let n = 0; n < 30; n++) await here.publish(n % 3, `${n}`) // the old offsets are some of this log, too
  const again = listenTo(t, `${here.url}/orders`, { headers: { 'last-event-id': listener.lastId } })
  equal(new Set(await again.messages(30)).size, 30)
  const gaps = again.heard.filter(({ event }) => event === 'gap').map(({ data }) => JSON.parse(data) as object)
  deepEqual(
    gaps.map(gap => 'reason' in gap && gap.reason),
    ['recreated', 'recreated', 'recreated'],
  )
})

test('a stream can begin at a time and end at one, and is then over for good', async t => {
  const { url, publish, ask } = await running(t)
  await publish(0, 'before')
  const begun = Date.now()
  await until('the clock moves on', () => Date.now() > begun + 5)
  const from = Date.now()
  await publish(0, 'one')
  await publish(1, 'two')
  const span = `${url}/orders?from=${from}&until=now`
  const replay = listenTo(t, span)
  await until('it ends', () => replay.ended)
  deepEqual([...replay.data].toSorted(), ['one', 'two'])
  const again = await ask(`/orders?until=${new Date(from).toISOString()}`, {
    headers: { 'last-event-id': replay.heard.at(-2)!.id },
  })
  equal(again.status, 204)
})

test('values with line breaks, bytes and tombstones are told by the rules of the standard', async t => {
  const { url, broker, publish } = await running(t)
  const one = await listenTo(t, `${url}/orders`).open()
  await publish(0, 'two\nlines\r\nand\rmore')
  await broker.publish({ ...sent, topic: 'orders', partition: 0, value: Buffer.from([0xff, 0x00]) })
  await broker.publish({ ...sent, topic: 'orders', partition: 0, key: Buffer.from('k'), value: null })
  await publish(0, '')
  await publish(0, ' last')
  await one.messages(3)
  deepEqual(
    one.heard.map(({ event, data }) => [event, data]),
    [
      ['message', 'two\nlines\nand\nmore'],
      ['bytes', '/wA='],
      ['tombstone', 'k'],
      ['message', ''],
      ['message', ' last'],
    ],
  )
})

test('a slow client is told that it lags and let go, and goes on where it was', async t => {
  const stream = { topics: ['orders'], partitions: 1, bufferBytes: 1_024, windowRecords: 10 }
  const { url, publish } = await running(t, { routes: { orders: { match: 'GET /orders', stream } } })
  const slow = await listenTo(t, `${url}/orders`).open()
  const quick = await listenTo(t, `${url}/orders`).open()
  slow.stall()
  const filler = 'x'.repeat(65_536)
  for (let n = 0; n < 200; n++) {
    await publish(0, `${n} ${filler}`)
    await until('the quick one has it', () => quick.data.length > n)
  }
  slow.resume()
  await slow.event('lagging')
  await until('it is cut', () => slow.ended)
  equal(quick.ended, false)
  const heard = slow.data.length
  ok(heard > 0 && heard < 200)
  const again = listenTo(t, `${url}/orders`, { headers: { 'last-event-id': slow.lastId } })
  await again.messages(200 - heard)
  deepEqual(
    [...slow.data, ...again.data].map(text => Number(text.split(' ')[0])),
    Array.from({ length: 200 }, (_, n) => n),
  )
})

test('who is one too many gets 503 as a script, and as an EventSource is told when to come again', async t => {
  const stream = { topics: ['orders'], clients: 3, clientsPerAddress: 2, retryMs: 1_000 }
  const { url, ask } = await running(t, { routes: { orders: { match: 'GET /orders', stream } } })
  const first = await listenTo(t, `${url}/orders`).open()
  await listenTo(t, `${url}/orders`).open()
  const { status, code, headers } = await ask('/orders')
  deepEqual([status, code], [503, 'stream-full'])
  ok(Number(headers['retry-after']) >= 1)
  const browser = listenTo(t, `${url}/orders`)
  await until('it is let go', () => browser.ended)
  equal(browser.status, 200)
  ok((browser.retryMs ?? 0) >= 500)
  first.close()
  await until('there is room again', async () => {
    const next = listenTo(t, `${url}/orders`)
    await until('it is let in or not', () => next.lastId !== '' || next.ended)
    return next.lastId !== ''
  })
})

test('draining ends streams spread over the delay, and each is told when to come again', async t => {
  const { url, gateway } = await running(t, { drain: { delayMs: 600, limitMs: 1_000 } })
  const clients = await Promise.all(Array.from({ length: 10 }, () => listenTo(t, `${url}/orders`).open()))
  const first = clients.map(({ retryMs }) => retryMs)
  notEqual(new Set(first).size, 1, 'the first word is jittered')
  const stopped = gateway.stop()
  const ends: number[] = []
  const begun = performance.now()
  await Promise.all(
    clients.map(async client => {
      await until('it is ended', () => client.ended)
      ends.push(performance.now() - begun)
    }),
  )
  ok(Math.max(...ends) - Math.min(...ends) > 300, `${ends}`)
  for (const client of clients) match(client.text, /retry: \d+\n\n$/)
  await stopped
})
