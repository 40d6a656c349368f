import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { pause } from '../../src/clock.ts'
import { readDead } from '../../src/bridge/dead.ts'
import type { DeadLetter } from '../../src/bridge/dead.ts'
import type { Broker, Incoming, MemberHandler, Membership } from '../../src/bridge/broker.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { httpServer } from '../help/httpserver.ts'
import type { Answers } from '../help/httpserver.ts'
import { header, pairs } from '../help/record.ts'
import { publish } from '../help/station.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'

const token = 'the-token-of-these-tests'

/** All records of a topic, as they come. */
async function readAll(t: Scope, broker: Broker, topic: string): Promise<readonly Incoming[]> {
  const records: Incoming[] = []
  const reading = await broker.subscribe(
    { topic, partitions: 'all', from: 'earliest' },
    record => void records.push(record),
  )
  t.after(() => reading[Symbol.asyncDispose]())
  return records
}

/** A gateway that calls a server with the commands of `shop.commands`, and a client of Kafka who sends them. */
async function aShop(t: Scope, answers: Answers, over: Part = {}) {
  const server = await httpServer(t, answers)
  const broker = (over['broker'] as MemoryBroker | undefined) ?? new MemoryBroker()
  const calls = { topic: 'shop.commands', upstream: 'shop', baseMs: 1, capMs: 20, partitions: 3 }
  const { gateway, admin } = await openGateway(
    t,
    {
      admin: { token },
      upstreams: { shop: { urls: [server.url], ...(over['upstream'] as object) } },
      calls: { shop: { ...calls, ...(over['calls'] as object) } },
    },
    { broker },
  )
  t.after(() => broker[Symbol.asyncDispose]())
  await gateway.ready
  await broker.admin.create([{ name: 'answers', partitions: 1, replication: 1, config: {} }])
  const replies = await readAll(t, broker, 'answers')
  const dead = await readAll(t, broker, 'shop.commands.dead')
  let sent = 0
  const send = async (headers: Readonly<Record<string, string>> = {}, key: string | null = null): Promise<void> => {
    const id = String(sent++)
    const usual = {
      'sluice-correlation-id': id,
      'sluice-reply-to': 'answers',
      'sluice-reply-partition': '0',
      ce_id: `ce-${id}`,
    }
    await publish(broker, {
      topic: 'shop.commands',
      partition: key === null ? 0 : broker.partitionFor('shop.commands', Buffer.from(key)),
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(`{"n":${id}}`),
      headers: pairs({
        ...usual,
        'http-method': 'POST',
        'http-path': '/orders',
        'content-type': 'application/json',
        ...headers,
      }),
    })
  }
  const letters = (): readonly DeadLetter[] => dead.map(record => readDead(record)).filter(letter => letter !== null)
  return { server, broker, admin, send, replies, letters }
}

const idOf = ({ headers }: Incoming): string => header(headers, 'sluice-correlation-id') ?? ''

test('a command becomes a request, and the answer its reply', async t => {
  const seen: unknown[] = []
  const { send, replies } = await aShop(t, ({ method, url, headers }, res, body) => {
    seen.push([method, url, headers['x-tenant'], headers['idempotency-key'], headers['content-type'], body])
    res.writeHead(201, { location: '/orders/1', 'content-type': 'application/json', 'x-secret': 'a' }).end('{"id":1}')
  })
  await send({ 'http-method': 'PUT', 'http-path': '/orders/1', 'http-query': 'a=b', 'http-header-x-tenant': 't1' })
  await until('it is answered', () => replies.length === 1)
  deepEqual(seen, [['PUT', '/orders/1?a=b', 't1', '"ce-0"', 'application/json', '{"n":0}']])
  const { headers, value } = replies[0]!
  const said = [
    'sluice-correlation-id',
    'sluice-status',
    'content-type',
    'http-header-location',
    'http-header-x-secret',
  ]
  deepEqual(
    said.map(name => header(headers, name)),
    ['0', '201', 'application/json', '/orders/1', undefined],
  )
  equal(Buffer.from(value!).toString(), '{"id":1}')
})

test('whatever the upstream answers is the reply, but for what asks to come again', async t => {
  let asked = 0
  const { send, replies, letters } = await aShop(t, ({ url = '' }, res) => {
    asked++
    const status = Number(url.slice(1))
    res.writeHead(status === 1 ? (asked < 3 ? 503 : 200) : status, { location: '/else' }).end()
  })
  for (const status of [302, 404, 500]) await send({ 'http-path': `/${status}` })
  await until('they are answered', () => replies.length === 3)
  deepEqual(new Set(replies.map(({ headers }) => header(headers, 'sluice-status'))), new Set(['302', '404', '500']))
  asked = 0
  await send({ 'http-path': '/1' })
  await until('the third time it succeeds', () => replies.length === 4)
  equal(asked, 3)
  equal(letters().length, 0)
})

/** Answers that are none. */
const none: Readonly<Record<string, string>> = {
  '/101': 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  '/2gib': `HTTP/1.1 200 OK\r\nContent-Length: ${2 ** 31}\r\n\r\n`,
  '/cr': 'HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n',
  '/endless': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1_024)}\r\n`.repeat(8)}`,
}

test('what is exhausted, in doubt, refused or poison is given up, with the reason and where it was, and has no reply', async t => {
  const { send, replies, letters, broker } = await aShop(
    t,
    ({ url = '', socket }, res) => {
      if (none[url] !== undefined) socket.write(none[url])
      else if (url === '/busy') res.writeHead(503).end()
      else if (url === '/cut') socket.destroy()
      else if (url === '/large') res.end('x'.repeat(2_000))
      else res.end()
    },
    { upstream: { replyBytes: 1_000 } },
  )
  for (const path of ['/busy', '/cut', '/large', '/../admin', ...Object.keys(none)])
    await send({ 'http-path': path }, path)
  await send({ 'http-path': '/cut', 'http-method': 'GET' }, 'get')
  await publish(broker, { topic: 'shop.commands', value: Buffer.from('no command'), headers: [] })
  await until('all are given up', () => letters().length === 10)
  deepEqual(
    letters()
      .map(({ record, reason, attempts }) => [
        header(record.headers, 'http-path'),
        header(record.headers, 'http-method'),
        reason,
        attempts,
      ])
      .toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
    [
      [undefined, undefined, 'poison', 0], // as text it begins with a comma
      ['/../admin', 'POST', 'poison', 0],
      ['/101', 'POST', 'refused', 1],
      ['/2gib', 'POST', 'refused', 1],
      ['/busy', 'POST', 'exhausted', 3],
      ['/cr', 'POST', 'refused', 1],
      ['/cut', 'GET', 'exhausted', 3],
      ['/cut', 'POST', 'in-doubt', 1],
      ['/endless', 'POST', 'refused', 1],
      ['/large', 'POST', 'refused', 1],
    ],
  )
  const [first] = letters()
  equal(first?.by, 'calls.shop')
  equal(first?.origin.topic, 'shop.commands')
  ok(letters().some(({ detail }) => detail === 'The upstream answered 503.'))
  await send({ 'http-path': '/well' })
  await until('what comes after them is served', () => replies.length === 1)
})

test('while the upstream is away nothing is given up, and order is kept for each key', async t => {
  const served: string[] = []
  const answers: Answers = (_req, res, body) => {
    served.push(body)
    res.end(body)
  }
  const { server, send, replies, letters, admin } = await aShop(t, answers, {
    upstream: { breaker: { openMs: 50, openMaxMs: 100 } },
    calls: { concurrency: 8 },
  })
  await send({}, 'first')
  await until('it serves', () => replies.length === 1)
  await server.close()
  for (let i = 0; i < 40; i++) await send({}, `key-${i % 4}`)
  const { reasons } = await until('the circuit is open', async () => {
    const page = await admin.ready()
    return page.reasons.some(reason => reason.includes('circuit open')) ? page : null
  })
  match(reasons.join(), /The upstream shop does without 127\.0\.0\.1:\d+ \(circuit open\)/)
  equal(served.length, 1)
  await httpServer(t, answers, server.port)
  await until('all are served', () => replies.length === 41)
  equal(letters().length, 0)
  const numbers = served.slice(1).map(body => (JSON.parse(body) as { n: number }).n)
  for (let key = 0; key < 4; key++) {
    const own = numbers.filter(n => (n - 1) % 4 === key)
    deepEqual(
      own,
      own.toSorted((a, b) => a - b),
    )
    equal(own.length, 10)
  }
  equal(new Set(replies.map(idOf)).size, 41)
})

test('a command that expires while it waits is answered so', async t => {
  const { server, send, replies, letters } = await aShop(t, (_req, res) => void res.end())
  await server.close()
  await send({ 'sluice-expires': String(Date.now() + 300) })
  await until('it is answered', () => replies.length === 1)
  equal(header(replies[0]!.headers, 'sluice-status'), '504')
  match(Buffer.from(replies[0]!.value!).toString(), /expired/)
  equal(letters().length, 0)
})

test('the reply is in the dialect of the command', async t => {
  const { broker, replies } = await aShop(t, ({ url, method }, res) => void res.end(`${method} ${url}`), {
    calls: { dialect: 'spring', path: '/spring', method: 'PUT' },
  })
  await publish(broker, {
    topic: 'shop.commands',
    headers: pairs({ kafka_correlationId: Uint8Array.from([0, 255]), kafka_replyTopic: 'answers' }),
    value: Buffer.from('{}'),
  })
  await until('it is answered', () => replies.length === 1)
  deepEqual([...replies[0]!.headers.find(([name]) => name === 'kafka_correlationId')![1]], [0, 255])
  equal(Buffer.from(replies[0]!.value!).toString(), 'PUT /spring')
})

test('a command on its way to its upstream is told beside the calls of clients, and an operator gives it up', async t => {
  const { send, replies, letters, admin } = await aShop(t, ({ url }, res) =>
    url === '/held' ? undefined : void res.writeHead(url === '/none' ? 404 : 201).end(),
  )
  type Told = Readonly<{
    waiting: Readonly<{ calls: readonly Readonly<Record<string, unknown>>[] }>
    recent: readonly Readonly<{ id: string; route: string; status: number | null; code: string | null }>[]
  }>
  const told = async () => (await admin.ask('/calls')).json as Told
  await send({ 'http-path': '/held' })
  const [call] = await until('it is under way', async () => {
    const { calls } = (await told()).waiting
    return calls.some(({ sendings }) => sendings === 1) ? calls : null
  })
  const { id, route, worker, client, waits, leftMs, outcome } = call!
  deepEqual(
    [id, route, worker, client, waits, leftMs, outcome],
    ['ce-0', 'calls.shop', 'shop', 'shop.commands[0]', 'upstream', null, 'in-doubt'],
  )
  const headers = { authorization: `Bearer ${token}` }
  equal((await admin.ask('/calls/ce-0', { method: 'DELETE', headers })).status, 200)
  await until('it is given up', () => letters().length === 1)
  deepEqual([letters()[0]!.reason, letters()[0]!.detail], ['in-doubt', 'An operator has ended the call.'])
  await send({ 'http-path': '/none' })
  await until('it is answered', () => replies.length === 1)
  const { waiting, recent } = await told()
  deepEqual(waiting.calls, [])
  deepEqual(
    recent.map(one => [one.id, one.route, one.status, one.code]),
    [
      ['ce-1', 'calls.shop', 404, null],
      ['ce-0', 'calls.shop', null, 'in-doubt'],
    ],
  )
})

/** Records as from another cluster: with the time at which they were written there, a minute before they got their offset. */
class MirroredBroker extends MemoryBroker {
  override join(membership: Membership, handler: MemberHandler): Promise<AsyncDisposable> {
    return super.join(membership, (record, held) => handler({ ...record, timestamp: record.timestamp - 60_000 }, held))
  }
}

test('a command that has expired on its way from another cluster is not called, where the topic is said to be mirrored', async t => {
  let called = 0
  const shop = await aShop(t, (_request, res) => void res.writeHead(201).end(`${++called}`), {
    broker: new MirroredBroker(),
    calls: { mirrored: true },
  })
  const ago = (ms: number): number => Date.now() - ms
  await shop.send({ ce_time: new Date(ago(60_000)).toISOString(), 'sluice-expires': String(ago(55_000)) })
  await shop.send()
  await until('both have a reply', () => shop.replies.length === 2)
  equal(called, 1)
})

test('a gateway stops although its group does not admit it', async t => {
  class Forbidding extends MemoryBroker {
    override join(): Promise<AsyncDisposable> {
      return new Promise(() => {}) // as a broker does until it is closed
    }
  }
  const server = await httpServer(t, (_req, res) => void res.end())
  const broker = new Forbidding()
  t.after(() => broker[Symbol.asyncDispose]())
  const { gateway, admin } = await openGateway(
    t,
    { upstreams: { shop: { urls: [server.url] } }, calls: { shop: { topic: 'shop.commands', upstream: 'shop' } } },
    { broker },
  )
  await gateway.ready
  match((await admin.ready()).reasons.join(), /calls\.shop does not call/)
  const stopped = gateway.stop({ delayMs: 0 }).then(() => 'stopped')
  const limit = new AbortController()
  equal(await Promise.race([stopped, pause(20_000, limit.signal).then(() => 'it still runs')]), 'stopped')
  limit.abort()
})
