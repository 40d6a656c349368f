import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Heard } from '../../src/lab/connection.ts'
import { Generator } from '../../src/lab/generator.ts'
import type { Load } from '../../src/lab/generator.ts'
import type { Population } from '../../src/lab/population.ts'
import { constant } from '../../src/lab/rate.ts'
import { frozenClock } from '../help/clock.ts'

type Serve = (body: string, res: ServerResponse, req: IncomingMessage) => void
const echo: Serve = (body, res) => void res.setHeader('content-length', body.length).end(body)

/** A gateway of this test; `most` is how many connections it had at once. */
async function aGateway(t: TestContext, serve: Serve) {
  let [open, most, requests] = [0, 0, 0]
  const server = createServer((req, res) => {
    requests++
    let body = ''
    req.setEncoding('latin1').on('data', chunk => (body += chunk))
    req.on('end', () => serve(body, res, req))
  }).listen(0, '127.0.0.1')
  server.on('connection', socket => {
    most = Math.max(most, ++open)
    socket.on('close', () => open--)
  })
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const load = (population: Partial<Population>, over: Partial<Load> = {}): Generator =>
    new Generator({
      port: (server.address() as AddressInfo).port,
      startAt: Date.now(),
      populations: [{ name: 'p', rate: constant(200, 300), patienceMs: 1_000, ...population }],
      phases: [{ name: 'all', fromMs: 0, toMs: 10_000 }],
      seed: 1,
      connections: 100,
      ...over,
    })
  return { load, most: () => most, requests: () => requests }
}

test('every request that is due is sent, and every one ends', async t => {
  const { load, requests } = await aGateway(t, echo)
  const { populations, crossed } = await load({}).run()
  const all = populations['p']?.phases['all']
  ok(all !== undefined && all.sent > 30 && all.sent < 90, String(all?.sent)) // 60 on average
  deepEqual([all.fates.served, all.answered, requests(), crossed], [all.sent, all.sent, all.sent, 0])
})

test('a gateway that stands still is asked all the same, and the wait counts from the intended moment', async t => {
  const waiting: (() => void)[] = []
  const { load, requests } = await aGateway(t, (body, res) => {
    waiting.push(() => echo(body, res, res.req))
    if (waiting.length === 40) for (const go of waiting) go()
    if (waiting.length > 40) waiting.at(-1)?.()
  })
  const { populations } = await load({ rate: constant(200, 400) }).run()
  const { served } = populations['p']!.phases['all']!
  equal(served.count, requests())
  ok((served.max ?? 0) > 100, `the first has waited for the 40th: ${served.max} ms`)
})

test('when all connections are taken a request is given up', async t => {
  const { load, most } = await aGateway(t, (body, res) => void setTimeout(() => echo(body, res, res.req), 20))
  const { populations } = await load({}, { connections: 2 }).run()
  equal(most(), 2)
  const { fates, codes } = populations['p']!.phases['all']!
  ok(fates.served > 2 && fates.lost > 0)
  deepEqual(codes, { 'no-connection': fates.lost })
})

test('an answer is an occasion to send what is due, before the timer rings', async t => {
  const { advance } = frozenClock(t)
  const asked: ((heard: Heard) => void)[] = []
  const wire = { send: (_: string, ended: (heard: Heard | null) => void) => void asked.push(ended), close: () => {} }
  const of = { name: 'p', rate: constant(1_000, 100), even: true, patienceMs: 1_000 }
  const load = { port: 0, startAt: Date.now(), populations: [of], phases: [], seed: 1, connections: 100 }
  const running = new Generator(load, { dial: () => wire, tickMs: 10 }).run()
  const heard = { status: 200, outcome: 'sent', code: '', retryAfterMs: 0, body: '' }
  await advance(10)
  equal(asked.length, 10)
  await advance(5)
  asked[0]?.(heard)
  equal(asked.length, 15)
  for (let i = 1; i < 100; i++) {
    await advance(1)
    asked[i]?.(heard)
  }
  await advance(10)
  ok(((await running).late.p99 ?? 99) <= 10)
})

test('users of the closed model ask again as soon as they are answered', async t => {
  const { load } = await aGateway(t, echo)
  const closed = { users: 1, thinkMs: 0, forMs: 200 }
  const { late, populations } = await load({ rate: [], closed }).run()
  const all = populations['p']?.phases['all']
  deepEqual([all?.fates.served, all?.answered], [all?.sent, all?.sent])
  ok((late.p50 ?? Infinity) < 1, `no timer is between an answer and the next request: ${late.p50} ms`)
})

test('users who find no connection ask again, and do not stop the clock', async t => {
  const { load } = await aGateway(t, (body, res) => void setTimeout(() => echo(body, res, res.req), 20))
  const closed = { users: 3, thinkMs: 0, forMs: 100 }
  const { populations } = await load({ rate: [], closed }, { connections: 1 }).run()
  const { fates } = populations['p']!.phases['all']!
  ok(fates.served > 1 && fates.lost > 1, JSON.stringify(fates))
})

test('a client hangs up when its patience ends', async t => {
  const { load } = await aGateway(t, () => {})
  const { populations } = await load({ patienceMs: 50 }).run()
  const all = populations['p']?.phases['all']
  equal(all?.fates.gone, all?.sent)
  deepEqual(Object.keys(all?.codes ?? {}), ['client-gone'])
})

test('a refused request is sent again, and a refusal for good is not', async t => {
  const refuse = (status: number) => (_: string, res: ServerResponse) =>
    void res.writeHead(status, { 'sluice-outcome': 'not-sent', 'content-length': 15 }).end('{"code":"shed"}')
  const retry = { attempts: 3, baseMs: 1 }
  const passing = await (await aGateway(t, refuse(503))).load({ retry }).run()
  const again = passing.populations['p']?.phases['all']
  deepEqual([again?.sent, again?.answered, again?.codes], [3 * (again?.asked ?? 0), 0, { shed: again?.sent }])
  const final = await (await aGateway(t, refuse(422))).load({ retry }).run()
  const once = final.populations['p']?.phases['all']
  equal(once?.sent, once?.asked)
})

test('an answer to another request is noticed', async t => {
  const { load } = await aGateway(t, (_, res) => echo('{"id":"somebody"}', res, res.req))
  const { crossed, populations } = await load({}).run()
  equal(crossed, populations['p']?.phases['all']?.sent)
})
