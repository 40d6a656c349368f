import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const circuit = (breaker: object, timeoutMs = 20_000): { workers: object; routes: object } => ({
  workers: { orders: { breaker } },
  routes: { 'place-order': { timeoutMs }, 'read-order': { timeoutMs } },
})

const another = (i: number): object => ({ ...anOrder, orderId: `o-${i}` })

test('five silences in a row open the circuit of the worker, for all its routes, and one probe closes it', async t => {
  const [openMs, timeoutMs] = [800, 40]
  const { ask, admin, worker } = await aGateway(t, circuit({ openMs, openMaxMs: openMs, consecutive: 5 }, timeoutMs))
  const state = async (name: string): Promise<boolean> =>
    (await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: name }) === 1

  let opened = 0 // not after: the last of them was asked, and waited for its whole time
  for (let i = 0; i < 5; i++) {
    opened = performance.now() + timeoutMs
    equal((await ask('/orders', { body: another(i) })).code, 'reply-timeout')
  }
  ok(await state('open'))
  const refused = await ask('/orders/o-1')
  equal(refused.status, 503)
  equal(refused.code, 'circuit-open')
  equal(refused.outcome, 'not-sent')
  match(String(refused.json['detail']), /5 in a row failed/)
  ok(Number(refused.headers['retry-after']) >= 1)
  equal(worker.commands.length, 5)

  // half-open by itself; while the probe is under way all others are refused
  await until('a probe is let through', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/orders', { body: anOrder })))
    const codes = answers.map(({ code }) => code)
    ok(codes.filter(code => code === 'reply-timeout').length <= 1, 'one victim for each probe')
    return codes.includes('reply-timeout')
  })
  ok(performance.now() - opened >= 0.8 * openMs - 1)
  equal(worker.commands.length, 6)
  await until('the probe has failed', () => state('open')) // its client may hear of it a moment before the circuit

  worker.always(command => void command.reply({ status: 201 }))
  await until('the circuit is closed', async () => {
    await ask('/orders', { body: anOrder })
    return await state('closed')
  })
  const before = worker.commands.length
  for (let i = 0; i < 20; i++) equal((await ask('/orders', { body: anOrder })).status, 201)
  equal(worker.commands.length, before + 20)
})

test('errors that failOn names open it, and other refusals of the worker do not', async t => {
  const { ask, admin, worker } = await aGateway(
    t,
    circuit({ openMs: 60_000, minCalls: 21, failurePercent: 10, failOn: [500, 503] }),
  )
  const times = async (status: number, count: number): Promise<string[]> => {
    worker.always(command => void command.reply({ status }))
    const answers: string[] = []
    for (let i = 0; i < count; i++) {
      const answer = await ask('/orders', { body: anOrder })
      answers.push(`${answer.status} ${answer.code}`)
    }
    return answers
  }
  deepEqual(new Set(await times(404, 10)), new Set(['404 null']))
  deepEqual(new Set(await times(502, 10)), new Set(['502 null']), 'not named here')
  deepEqual(await times(503, 4), ['503 null', '503 null', '503 null', '503 circuit-open'])
  equal((await admin.metrics()).sum('sluice_circuit_changes_total', { circuit: 'orders', state: 'open' }), 1)
})

test('what one client asks in vain does not close the worker for the others', async t => {
  const { ask, worker } = await aGateway(t, circuit({}, 200))
  worker.always(command => void command.reply({ status: command.body === '' ? 200 : 500 }))
  for (let i = 0; i < 5; i++) equal((await ask('/orders', { body: anOrder })).status, 500)
  equal((await ask('/orders/o-2')).status, 200)
  worker.always(command => void (command.body === '' && command.reply({ status: 200 })))
  for (let i = 0; i < 6; i++) equal((await ask('/orders', { body: anOrder })).code, 'reply-timeout')
  equal((await ask('/orders/o-2')).status, 200)
})

test('a share of failures opens it, once there are enough verdicts', async t => {
  const { ask, worker } = await aGateway(t, circuit({ minCalls: 10, failurePercent: 50, consecutive: 1_000 }))
  let n = 0
  worker.always(command => void command.reply({ status: n++ % 2 === 0 ? 200 : 500 }))
  const codes: (string | null)[] = []
  for (let i = 0; i < 11; i++) codes.push((await ask('/orders', { body: anOrder })).code)
  deepEqual(codes, [...Array<null>(10).fill(null), 'circuit-open'])
})

test('a worker that answers, but slowly, opens its circuit where it is said what slow is', async t => {
  const { ask, worker } = await aGateway(t, circuit({ slowMs: 20, slowPercent: 100, minCalls: 3 }))
  const codes: (string | null)[] = []
  for (let i = 0; i < 4; i++) {
    const asked = ask('/orders', { body: anOrder })
    if (i < 3) {
      const command = await worker.next()
      await new Promise(resolve => setTimeout(resolve, 40))
      await command.reply({ status: 201 })
    }
    const { code, json } = await asked
    codes.push(code)
    if (i === 3) {
      match(String(json['detail']), /at least 100 % took longer than 20 ms/)
      deepEqual([json['limit'], json['observed']], [100, 100])
    }
  }
  deepEqual(codes, [null, null, null, 'circuit-open'])
})

test('another worker’s circuit stays closed', async t => {
  const { ask, broker, worker } = await aGateway(t, {
    workers: { orders: { breaker: { consecutive: 2 } }, stock: { topic: 'stock.commands' } },
    routes: {
      'place-order': { timeoutMs: 30 },
      stock: { match: 'GET /stock', query: { to: 'stock' }, timeoutMs: 30 },
    },
  })
  for (let i = 0; i < 2; i++) await ask('/orders', { body: another(i) })
  equal((await ask('/orders', { body: anOrder })).code, 'circuit-open')
  equal((await ask('/stock')).code, 'reply-timeout')
  equal(worker.commands.length, 2)
  deepEqual(
    (await broker.admin.ends('stock.commands')).reduce((sum, end) => sum + end, 0n),
    1n,
  )
})
