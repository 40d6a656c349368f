import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { connect } from 'node:net'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

/** Any heap that there ever is, is too much of it, so that all but what is critical is refused from the fourth look on. */
const suffering: Part = {
  overload: { mode: 'enforce', heapPercent: 0.1 },
  routes: {
    'place-order': {},
    'read-order': { priority: 'critical' },
    look: { match: 'GET /look', query: { to: 'orders' }, priority: 'health' },
  },
}

type Explained = Readonly<{ mode: string; refused: Readonly<Record<'sheddable' | 'normal', number>> }>

async function overloaded(t: TestContext, over: Part = suffering) {
  const opened = await aGateway(t, over)
  opened.worker.always(command => void command.reply({}))
  await until('nothing normal passes', async () => {
    const { overload } = (await opened.admin.ask('/policies')).json as { overload: Explained }
    return overload.refused.normal === 1
  })
  return opened
}

test('a process that suffers serves what is critical and probes, and says of the rest what is short', async t => {
  const { ask, admin, worker } = await overloaded(t)
  const before = worker.commands.length
  const refused = await ask('/orders', { body: anOrder })
  deepEqual([refused.status, refused.code, refused.outcome], [503, 'overloaded', 'not-sent'])
  deepEqual([refused.json['policy'], refused.json['limit']], ['overload', 0.1])
  ok(Number(refused.json['observed']) > 0)
  match(String(refused.json['detail']), /% of the heap is in use/)
  ok(Number(refused.headers['retry-after']) >= 1)
  equal(worker.commands.length, before)
  equal((await ask('/orders/o-1')).status, 200)
  equal((await ask('/look')).status, 200)
  equal((await admin.ask('/livez')).status, 200)
  equal((await admin.ask('/readyz')).status, 200)
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_refusals_total', { policy: 'overload', route: 'place-order', code: 'overloaded' }), 1)
  equal(metrics.sum('sluice_overloaded'), 1)
  ok(metrics.sum('sluice_pressure', { resource: 'heap' }) > 0)
})

/** What comes back until it holds this; the connection stays the test's. */
function talk(t: TestContext, url: string) {
  const { port } = new URL(url)
  const socket = connect(Number(port), '127.0.0.1')
  t.after(() => socket.destroy())
  let text = ''
  let ended = false
  socket.on('data', chunk => void (text += chunk.toString('latin1')))
  socket.on('close', () => void (ended = true))
  return {
    send: (more: string) => void socket.write(more),
    said: async (pattern: RegExp): Promise<string> => {
      await until(`it says ${pattern}`, () => Promise.resolve(pattern.test(text)))
      const all = text
      text = ''
      return all
    },
    ended: () => ended,
  }
}

test('a body is not asked for when it is refused, and the connection serves the next request', async t => {
  const { gateway } = await overloaded(t)
  const line = talk(t, gateway.url)
  const head = 'POST /orders HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n'
  line.send(`${head}\r\n`) // the body comes later: whoever waited for it would not answer yet
  const refused = await line.said(/"code":"overloaded"/)
  ok(!refused.includes('Connection: close'))
  line.send('x'.repeat(50_000))
  line.send('GET /orders/o-1 HTTP/1.1\r\nHost: a\r\n\r\n')
  match(await line.said(/HTTP\/1\.1 200 /), /^HTTP\/1\.1 200 /)
  line.send(`${head}Expect: 100-continue\r\n\r\n`)
  ok(!(await line.said(/"code":"overloaded"/)).includes('100 Continue'))
})

test('bodies that fill what there is are refused, whether they say how long they are or not', async t => {
  const mebi = 1_048_576
  const { gateway, ask, worker } = await aGateway(t, { overload: { mode: 'enforce', bytes: mebi } })
  const body = { ...anOrder, text: 'x'.repeat(600_000) }
  const first = ask('/orders', { body })
  const command = await worker.next()
  const refused = await ask('/orders', { body })
  deepEqual([refused.status, refused.code], [503, 'overloaded'])
  equal(refused.json['limit'], Math.floor(mebi * 0.9))
  const line = talk(t, gateway.url)
  line.send('POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  for (let i = 0; i < 6; i++) line.send(`186a0\r\n${'x'.repeat(100_000)}\r\n`)
  match(await line.said(/"code":"overloaded"/), /^HTTP\/1\.1 503 /)
  await command.reply({})
  equal((await first).status, 200)
  worker.always(next => void next.reply({}))
  equal((await ask('/orders', { body })).status, 200, 'what was held is given back')
  equal((await ask('/orders', { body })).status, 200)
})

test('observing it counts, off it is not there, and both let everybody in', async t => {
  const observed = await aGateway(t, { ...suffering, overload: { mode: 'observe', heapPercent: 0.1 } })
  observed.worker.always(command => void command.reply({}))
  await until('it is seen', async () => {
    equal((await observed.ask('/orders', { body: anOrder })).status, 200)
    return (await observed.admin.metrics()).sum('sluice_observed_refusals_total', { policy: 'overload' }) > 0
  })
  const off = await aGateway(t, { ...suffering, overload: { mode: 'off', heapPercent: 0.1 } })
  off.worker.always(command => void command.reply({}))
  for (let i = 0; i < 50; i++) equal((await off.ask('/orders', { body: anOrder })).status, 200)
  equal((await off.admin.metrics()).sum('sluice_observed_refusals_total'), 0)
})
