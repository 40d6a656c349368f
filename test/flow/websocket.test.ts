import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { request } from 'node:http'
import { WebSocket } from 'ws'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { listenTo } from '../help/listener.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const signal = new AbortController().signal

async function running(t: Scope, stream: Part = {}, over: Part = {}) {
  const broker = new MemoryBroker()
  const opened = await openGateway(
    t,
    {
      ...over,
      routes: {
        feed: { match: 'GET /feed', stream: { topics: ['orders'], partitions: 2, ...stream }, delivery: 'replayable' },
      },
    },
    { broker },
  )
  await opened.gateway.ready
  const publish = (value: string | null, partition = 0) =>
    broker.publish({
      topic: 'orders',
      partition,
      key: Buffer.from('k'),
      value: value === null ? null : Buffer.from(value),
      headers: [],
      acks: 'all',
      signal,
    })
  return { ...opened, publish }
}

type Message = { id?: string; event?: string; data?: unknown; key?: string; retryMs?: number }

function connect(t: Scope, url: string) {
  const socket = new WebSocket(url.replace('http', 'ws').replace('localhost', '127.0.0.1'))
  const got: Message[] = []
  let closed: number | null = null
  let refused: number | null = null
  socket.on('message', data => got.push(JSON.parse((data as Buffer).toString()) as Message))
  socket.on('close', code => (closed = code))
  socket.on('unexpected-response', (_req, res) => {
    refused = res.statusCode ?? 0
    res.resume()
  })
  socket.on('error', () => {})
  t.after(() => socket.terminate())
  return {
    socket,
    got,
    data: () => got.filter(({ data, event }) => data !== undefined && event === undefined).map(({ data }) => data),
    open: () => until('it is open', () => got.length > 0),
    closed: () => until('it is closed', () => closed),
    refused: () => until('it is refused', () => refused),
  }
}

test('a client by WebSocket hears each record as one message, and goes on by its id', async t => {
  const { gateway, publish } = await running(t)
  const url = `${gateway.url}/feed`
  const one = connect(t, url)
  await one.open()
  for (let n = 0; n < 50; n++) await publish(`{"n":${n}}`)
  await until('all have come', () => one.data().length === 50)
  deepEqual(
    one.data(),
    Array.from({ length: 50 }, (_, n) => ({ n })),
  )
  await publish(null)
  await publish(`"${'x'.repeat(70_000)}"`)
  await publish(`"${'y'.repeat(200)}"`)
  await until('the large ones have come', () => one.data().length === 52)
  deepEqual([one.got.at(-3)?.event, one.got.at(-3)?.key], ['tombstone', 'k'])
  deepEqual(
    one
      .data()
      .slice(-2)
      .map(text => (text as string).length),
    [70_000, 200],
  )
  const { id } = one.got.find(({ data }) => (data as { n?: number } | undefined)?.n === 39) ?? {}
  one.socket.close()
  const again = connect(t, `${url}?lastEventId=${id}`)
  await until('it goes on', () => again.data().length === 12)
  deepEqual(again.data()[0], { n: 40 })
})

test('a client that says more than the limit is let go; less is not listened to', async t => {
  const { gateway, publish } = await running(t)
  const one = connect(t, `${gateway.url}/feed`)
  await one.open()
  one.socket.send('hello')
  one.socket.ping()
  await publish('1')
  await until('it goes on', () => one.data().length === 1)
  one.socket.send('x'.repeat(10_000))
  equal(await one.closed(), 1009)
})

test('what is refused is refused before the upgrade, with the status of any other request', async t => {
  const { gateway } = await running(t, { clients: 1 })
  const url = gateway.url
  const first = connect(t, `${url}/feed`)
  await first.open()
  equal(await connect(t, `${url}/feed`).refused(), 503)
  equal(await connect(t, `${url}/feed?lastEventId=garbage`).refused(), 400)
  equal(await connect(t, `${url}/nowhere`).refused(), 404)
  first.socket.close()
  await until('there is room again', async () => {
    const next = connect(t, `${url}/feed`)
    return await Promise.race([next.open().catch(() => false), next.refused().then(() => false)])
  })
})

test('a client that offers another protocol, as Java does with each request, is served as if it had not', async t => {
  const { gateway, ask } = await running(t)
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAEAAEAAAAIAAAAB' }
  equal((await ask('/signals', { body: {}, headers })).status, 202)
  const { port } = new URL(gateway.url)
  const status = await new Promise(resolve => {
    const req = request({ host: '127.0.0.1', port, path: '/feed', headers }, res => {
      resolve(res.statusCode)
      req.destroy()
    })
    req.end()
  })
  equal(status, 200)
})

test('an upgrade on an ordinary route, or with a body, is no upgrade', async t => {
  const { ask } = await running(t)
  const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  equal((await ask('/signals', { body: {}, headers })).status, 202)
  equal((await ask('/signals', { headers })).status, 405)
})

test('draining ends a client with the reason of going away, and when to come again', async t => {
  const { gateway } = await running(t)
  const one = connect(t, `${gateway.url}/feed`)
  await one.open()
  const stopped = gateway.stop()
  equal(await one.closed(), 1001)
  equal(one.got.at(-1)?.event, 'end')
  ok((one.got.at(-1)?.retryMs ?? 0) > 0)
  await stopped
})

test('a gateway stops although a client neither reads nor closes', async t => {
  const { gateway } = await running(t)
  const one = connect(t, `${gateway.url}/feed`)
  await one.open()
  one.socket.pause()
  await gateway.stop({ delayMs: 0 })
})

test('scripts get one JSON object a line', async t => {
  const { gateway, publish } = await running(t)
  await publish('{"n":1}')
  await publish('text')
  const script = listenTo(t, `${gateway.url}/feed?from=earliest`, { headers: { accept: 'application/x-ndjson' } })
  await until('the lines have come', () => script.text.includes('"text"'))
  equal(script.headers['content-type'], 'application/x-ndjson')
  const lines = script.text.split('\n').filter(line => line.includes('data'))
  deepEqual(
    lines.map(line => (JSON.parse(line) as Message).data),
    [{ n: 1 }, 'text'],
  )
  match(lines[0]!, /^\{"id":"[\w-]+","data":\{"n":1\}\}$/)
})
