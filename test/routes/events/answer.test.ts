import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Call } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { until } from '../../help/until.ts'
import { json, open, problemOf, wire } from '../front.ts'

const routes = {
  signal: { match: 'POST /signals', event: { topic: 'signals', batch: { events: 5 } }, bodyBytes: 1_000 },
}
const head = (length: number): string =>
  `POST /signals HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${length}\r\n\r\n`

test('a client that turns out to be nobody has nothing published, and its connection goes on', async t => {
  const known = Promise.withResolvers<void>()
  let asked = 0
  const { front, calls } = await open(t, {
    routes: { signal: { ...routes.signal, identity: 'required' } },
    admit: {
      route: (_way, serve) => (exchange, params) => {
        exchange.admission = asked++ === 0 ? known.promise : Promise.resolve()
        serve(exchange, params)
      },
      resource: serve => serve,
    },
  })
  const client = wire(front)
  client.send(head(8))
  client.send('{"n":1}\n')
  await until('its client is asked for', () => asked === 1)
  await setImmediate()
  equal(calls.length, 0)
  known.reject(new Problem('unauthenticated', 'Nobody knows the token.'))
  deepEqual(problemOf(await client.answer())['code'], 'unauthenticated')
  client.send(head(4))
  client.send('1\n2\n')
  equal((await client.answer()).status, 202)
  equal(calls.length, 2)
})

test('each event is a call of its own: with its own time, its own content type and the id of the request', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  client.send(head(4))
  client.send('1\n2\n')
  const { headers, body } = await client.answer()
  deepEqual(JSON.parse(body), {
    accepted: 2,
    refused: 0,
    events: [
      { status: 200, ok: true },
      { status: 200, ok: true },
    ],
  })
  const [one, two] = calls as [Call, Call]
  deepEqual([one.told.contentType, one.id === two.id, headers['sluice-call-id']], ['application/json', true, one.id])
  equal(one.command === two.command, false)
  equal(one.aborter === two.aborter, false)
  equal(Math.round(one.deadline - one.started), 5_000)
})

test('behind a batch that was not read to its end the connection can still be used', async t => {
  const { front, calls } = await open(t, { routes, service: async () => json({ id: 'e' }, 202) })
  const client = wire(front)
  const lines = '1\n'.repeat(50)
  client.send(head(lines.length))
  client.send(lines)
  equal((await client.answer()).status, 207)
  client.send(head(2))
  client.send('1\n')
  equal((await client.answer()).status, 202)
  equal(calls.length, 6)
})

test('a body that is announced larger than a batch may be is refused before a byte of it', async t => {
  const small = { signal: { ...routes.signal, event: { topic: 'signals', batch: { bytes: 2_000 } } } }
  const { front, calls } = await open(t, { routes: small })
  const client = wire(front)
  client.send(head(2_001))
  const answer = await client.answer()
  deepEqual([answer.status, problemOf(answer)['code'], calls.length], [413, 'too-large', 0])
})

test('a body that does not arrive in time is answered with what became of its events', async t => {
  const slow = { signal: { ...routes.signal, event: { topic: 'signals', batch: { timeoutMs: 150 } } } }
  const { front, calls } = await open(t, { routes: slow })
  const client = wire(front)
  client.send(head(100))
  client.send('1\n2\n3')
  const answer = await client.answer()
  deepEqual([answer.status, answer.headers['connection'], calls.length], [207, 'close', 2])
  deepEqual(
    (JSON.parse(answer.body) as { events: { code?: string }[] }).events.map(({ code }) => code),
    [undefined, undefined, 'request-timeout'],
  )
})

test('a client that waits to be asked for its body is asked', async t => {
  const { front, calls } = await open(t, { routes })
  const client = wire(front)
  client.send(head(4).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'))
  equal((await client.answer()).status, 100)
  equal(calls.length, 0)
  client.send('1\n2\n')
  equal((await client.answer()).status, 202)
})
