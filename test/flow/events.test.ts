import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { once } from 'node:events'
import { format, load } from '../../config/load.ts'
import { openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { folder } from '../help/folder.ts'
import { follow } from '../help/follow.ts'
import type { Seen } from '../help/follow.ts'
import { until } from '../help/until.ts'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'

const withBatch = (event: Part = {}, route: Part = {}): Part => ({
  routes: {
    signal: {
      match: 'POST /signals',
      event: { topic: 'signals', batch: {}, cloudEvents: true, ...event },
      delivery: 'consumable',
      ...route,
    },
  },
})

type Told = Readonly<{ status: number; id?: string; code?: string; detail?: string }>
const eventsOf = (json: Readonly<Record<string, unknown>>): readonly Told[] => json['events'] as readonly Told[]
const valuesOf = (seen: readonly Seen[]): readonly string[] => seen.map(({ value }) => String(value))
const headersOf = ({ headers }: Seen): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name, value.toString()]))
const ndjson = { 'content-type': 'application/x-ndjson' }

async function opened(t: Parameters<typeof openGateway>[0], over: Part) {
  const all = await openGateway(t, over)
  await all.gateway.ready
  return { ...all, seen: await follow(t, all.broker, 'signals') }
}

test('each element of an array is an event of its own, with its own bytes and key', async t => {
  const { ask, seen } = await opened(t, withBatch({ key: 'body.lamp' }))
  const body = '[{"lamp":"a", "n":1.50},\n {"lamp":"b"} ]'
  const { status, json, outcome } = await ask('/signals', { headers: { 'content-type': 'application/json' }, body })
  deepEqual([status, outcome, json['accepted'], json['refused']], [202, 'sent', 2, 0])
  await until('both are there', () => seen.length === 2)
  deepEqual([...valuesOf(seen)].toSorted(), ['{"lamp":"a", "n":1.50}', '{"lamp":"b"}'])
  deepEqual(new Set(seen.map(({ key }) => key?.toString())), new Set(['a', 'b']))
  const ids = eventsOf(json).map(({ id }) => id)
  deepEqual(new Set(seen.map(one => headersOf(one)['ce_id'])), new Set(ids))
  equal(headersOf(seen[0] as Seen)['content-type'], 'application/json')
})

test('one bad line of a thousand is told with its problem, and the others are published', async t => {
  const { ask, seen } = await opened(t, withBatch())
  const lines = Array.from({ length: 1_000 }, (_, n) => (n === 499 ? '{"n":' : `{"n":${n}}`))
  const { status, json } = await ask('/signals', { headers: ndjson, body: lines.join('\n') })
  deepEqual([status, json['accepted'], json['refused']], [207, 999, 1])
  const events = eventsOf(json)
  deepEqual(
    [events[499]?.status, events[499]?.code, events[499]?.detail],
    [400, 'invalid-request', 'The event is not JSON.'],
  )
  ok(events.every(({ status, id }, n) => n === 499 || (status === 202 && id !== undefined)))
  await until('all others are there', () => seen.length === 999)
  deepEqual(new Set(valuesOf(seen)), new Set(lines.filter((_, n) => n !== 499)))
})

test('one event is answered as ever, in an array or not', async t => {
  const { ask, seen } = await opened(t, withBatch({ key: 'body.lamp' }))
  const one = await ask('/signals', { body: { lamp: 'a' } })
  deepEqual([one.status, Object.keys(one.json)], [202, ['id']])
  deepEqual(seen.length, 1)
  const bad = await ask('/signals', { body: [{}] })
  deepEqual([bad.status, bad.code, bad.outcome], [400, 'invalid-request', 'not-sent'])
  const empty = await ask('/signals', { body: [] })
  deepEqual([empty.status, empty.json['accepted'], empty.outcome], [202, 0, 'not-sent'])
})

test('lines are published while the client still sends, and one that is cut is not', async t => {
  const { gateway, seen, ask } = await opened(t, withBatch())
  const { port } = new URL(gateway.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    'POST /signals HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  socket.write('10\r\n{"n":1}\n{"n":2}\n\r\n')
  await until('the first two are there', () => seen.length === 2)
  socket.write('b\r\n{"n":3}\n{"n\r\n')
  await until('the third is there', () => seen.length === 3)
  socket.destroy()
  await once(socket, 'close')
  equal((await ask('/signals', { headers: ndjson, body: '{"n":4}' })).status, 202)
  deepEqual(valuesOf(seen).toSorted(), ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}'])
})

test('a body that is framed wrongly in its middle is answered with what became of its events', async t => {
  const { gateway, seen } = await opened(t, withBatch())
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(
    'POST /signals HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n',
  )
  socket.write('b\r\n{"n":1}\n{"n\r\nno length\r\n')
  await once(socket, 'close')
  const answer = Buffer.concat(chunks).toString()
  match(answer, /^HTTP\/1.1 207 /)
  match(answer, /"accepted":1,"refused":1,.*"code":"invalid-request"/)
  deepEqual(valuesOf(seen), ['{"n":1}'])
})

test('a client that sends faster than the brokers take is let wait', async t => {
  const { gateway, broker, seen } = await opened(t, withBatch({ batch: { events: 100_000, bytes: 67_108_864 } }))
  broker.slow(Infinity)
  const { port } = new URL(gateway.url)
  const req = request({ port, host: '127.0.0.1', path: '/signals', method: 'POST', headers: ndjson })
  const answered = once(req, 'response')
  const line = `{"pad":"${'x'.repeat(1_000)}"}\n`
  for (let n = 0; n < 200; n++) req.write(line.repeat(100))
  await until('what the system and we hold is full', () => req.writableLength > 8_388_608)
  broker.slow(0)
  req.end()
  const [res] = (await answered) as [NodeJS.ReadableStream & { statusCode: number }]
  res.resume()
  equal(res.statusCode, 202)
  equal(seen.length, 20_000)
})

test('more events or bytes than a batch may have are told, and what came before is published', async t => {
  const { ask, seen } = await opened(t, withBatch({ batch: { events: 3, bytes: 2_000 } }, { bodyBytes: 100 }))
  const many = await ask('/signals', { headers: ndjson, body: '1\n2\n3\n4\n5\n' })
  deepEqual([many.status, many.json['accepted']], [207, 3])
  const [, , , last] = eventsOf(many.json)
  deepEqual([last?.code, last?.detail], ['too-large', 'A batch has at most 3 events: what follows was not read.'])
  const large = await ask('/signals', { headers: ndjson, body: `1\n"${'x'.repeat(200)}"\n2\n` })
  deepEqual([large.status, eventsOf(large.json)[1]?.detail], [207, 'The event is larger than 100 bytes.'])
  const huge = await ask('/signals', { headers: ndjson, body: '"x"\n'.repeat(1_000) })
  deepEqual([huge.status, huge.code], [413, 'too-large'])
  equal(seen.length, 5)
})

test('a CloudEvent keeps its attributes in the record, in whichever mode it comes', async t => {
  const { ask, seen } = await opened(t, withBatch())
  const head = { specversion: '1.0', id: 'e-1', source: '/lamps', type: 'lamp.on', time: '2026-01-01T00:00:00.000001Z' }
  const binary = await ask('/signals', {
    headers: {
      ...Object.fromEntries(Object.entries(head).map(([name, value]) => [`ce-${name}`, value])),
      'ce-partitionkey': 'a',
      'content-type': 'application/json',
    },
    body: '{"n": 1}',
  })
  deepEqual([binary.status, binary.json], [202, { id: 'e-1' }])
  const structured = await ask('/signals', {
    headers: { 'content-type': 'Application/CloudEvents+json; charset=UTF-8' },
    body: `${JSON.stringify({ ...head, id: 'e-2', partitionkey: 'a' }).slice(0, -1)},"data":{"n": 2}}`,
  })
  deepEqual(structured.json, { id: 'e-2' })
  const batch = await ask('/signals', {
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify([
      { ...head, id: 'e-3', partitionkey: 'a' },
      { ...head, id: 'e-4', source: '' },
    ]),
  })
  deepEqual([batch.status, eventsOf(batch.json).map(({ status }) => status)], [207, [202, 400]])
  await until('three are there', () => seen.length === 3)
  deepEqual(
    seen.map(one => [one.key?.toString(), one.value === null ? null : String(one.value), headersOf(one)['ce_id']]),
    [
      ['a', '{"n": 1}', 'e-1'],
      ['a', '{"n": 2}', 'e-2'],
      ['a', null, 'e-3'],
    ],
  )
  for (const one of seen) {
    const { ce_source, ce_type, ce_time, ce_subject } = headersOf(one)
    deepEqual([ce_source, ce_type, ce_time, ce_subject], ['/lamps', 'lamp.on', head.time, undefined])
    equal(new Set(one.headers.map(([name]) => name)).size, one.headers.length, 'no header twice')
  }
  equal(headersOf(seen[1] as Seen)['content-type'], 'application/json')
})

test('where they are not configured, CloudEvents are content as any other, and lines are one event', async t => {
  const { ask, seen } = await opened(t, withBatch({ batch: null, cloudEvents: null }))
  const body = '{"specversion":"1.0","id":"1","source":"s","type":"t"}\n'
  equal((await ask('/signals', { headers: { 'content-type': 'application/cloudevents+json' }, body })).status, 202)
  equal((await ask('/signals', { headers: ndjson, body: '1\n2\n' })).status, 202)
  await until('both are there', () => seen.length === 2)
  deepEqual(valuesOf(seen).toSorted(), ['1\n2\n', body])
})

test('while the brokers are away, a batch is one problem that says when to come again', async t => {
  const { ask, broker } = await opened(t, withBatch())
  broker.outage()
  const { status, headers, outcome } = await ask('/signals', { headers: ndjson, body: '1\n2\n' })
  deepEqual([status, outcome, headers['retry-after'] !== undefined], [503, 'not-sent', true])
})

test('a batch beside coded bodies is refused by the configuration', t => {
  const file = join(folder(t), 'gateway.yaml')
  writeFileSync(
    file,
    'routes: { signal: { match: POST /s, contentEncodings: [gzip], event: { topic: s, batch: {} } } }\n',
  )
  match(
    format(load(file, { env: {} }).mistakes),
    /contentEncodings: found beside event.batch, but events are not looked/,
  )
})

test('the quota of a route counts each event of a batch', async t => {
  const { ask, seen } = await opened(t, withBatch({}, { quota: { requests: 5, windowMs: 60_000 } }))
  const { status, json, headers } = await ask('/signals', { headers: ndjson, body: '1\n2\n3\n4\n5\n6\n7\n' })
  deepEqual([status, json['accepted'], json['refused']], [207, 5, 2])
  deepEqual(
    eventsOf(json).map(({ code }) => code),
    [undefined, undefined, undefined, undefined, undefined, 'rate-limited', 'rate-limited'],
  )
  equal(headers['ratelimit'] !== undefined, true)
  await until('five are there', () => seen.length === 5)
})

test('events of a batch wait on disk while the brokers are away, and come in their order', async t => {
  const spool = { spool: { file: join(folder(t), 'spool'), afterMs: 50 } }
  const { ask, broker, seen } = await opened(t, { ...spool, ...withBatch({ key: 'body.k' }, { spool: true }) })
  broker.outage()
  const body = Array.from({ length: 100 }, (_, n) => `{"k":"a","n":${n}}`)
  const { status, json, outcome } = await ask('/signals', { headers: ndjson, body: body.join('\n') })
  deepEqual([status, json['accepted'], outcome], [202, 100, 'in-doubt'])
  broker.restore()
  await until('all are forwarded', () => seen.length === 100)
  deepEqual(valuesOf(seen), body)
})

test('wherever a body is cut, what was whole is published and nothing else', async t => {
  const { gateway, seen } = await opened(t, withBatch())
  const { port } = new URL(gateway.url)
  const lines = Array.from({ length: 40 }, (_, n) => `{"n":${n},"text":"${'x'.repeat(n)}"}`)
  const body = `${lines.join('\n')}\n`
  let before = 0
  for (let cut = 1; cut < body.length; cut += 97) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `POST /signals HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    socket.write(body.slice(0, cut))
    const whole = body.slice(0, cut).split('\n').length - 1
    await until(`what is whole at ${cut}`, () => seen.length >= before + whole)
    socket.destroy()
    await once(socket, 'close')
    deepEqual(new Set(valuesOf(seen.slice(before))), new Set(lines.slice(0, whole)))
    before += whole
  }
  equal(seen.length, before)
})
