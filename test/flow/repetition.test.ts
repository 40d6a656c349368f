import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { serve } from '../../src/worker/serve.ts'
import { refuse } from '../../src/worker/answer.ts'
import { aGateway, openGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const route = (options: object, more: Part = {}): Part => ({
  routes: { find: { match: 'GET /find', query: { to: 'orders' }, timeoutMs: 2_000, ...options } },
  ...more,
})
/** Nothing but the budget bounds what is sent to it. */
const silent = { workers: { orders: { breaker: { mode: 'off' }, bulkhead: { limit: 'fixed' } } } }
const failing = { workers: { orders: { breaker: { failOn: [] } } } }

test('a lost command is sent once more: its client never knows, and neither does the command', async t => {
  const { ask, admin, worker } = await aGateway(t, route({ resend: { afterMs: 50 } }))
  const asked = ask('/find')
  const first = await worker.next() // taken, and never answered
  const second = await worker.next()
  await second.reply({ status: 200, body: '"second"' })
  const answer = await asked
  equal(answer.text, '"second"')
  equal(answer.outcome, 'sent')
  for (const name of ['ce_id', 'sluice-correlation-id', 'ce_time', 'sluice-expires'])
    equal(second.header(name), first.header(name))
  deepEqual([first.header('sluice-attempt'), second.header('sluice-attempt')], ['1', '2'])
  await first.reply({ status: 200, body: '"first"' })
  await until('the other reply is a duplicate', async () => {
    const metrics = await admin.metrics()
    return metrics.sum('sluice_replies_total', { class: 'duplicate' }) === 1
  })
  equal((await admin.metrics()).sum('sluice_repetitions_total', { route: 'find', kind: 'resend' }), 1)
})

test('a silent worker is not drowned: sendings stay within 10 % of the calls and the floor', async t => {
  const { ask, admin, worker } = await aGateway(t, route({ resend: { afterMs: 10 }, timeoutMs: 200 }, silent))
  const calls = 200
  for (let i = 0; i < calls; i += 50) await Promise.all(Array.from({ length: 50 }, () => ask('/find')))
  const metrics = await admin.metrics()
  ok(worker.commands.length <= 1.1 * calls + 3, `${worker.commands.length} sendings of ${calls} calls`)
  ok(worker.commands.length >= 1.1 * calls - 3, 'the budget is used')
  ok(metrics.sum('sluice_retry_budget_spent_total') > 0)
})

test('every reply an error: the extra load stays within 10 %', async t => {
  const { ask, worker } = await aGateway(
    t,
    route({ retryOn: [503] }, { ...failing, broker: { publish: { baseMs: 1, capMs: 1 } } }),
  )
  worker.always(command => void command.reply({ status: 503 }))
  const calls = 300
  for (let i = 0; i < calls; i += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/find')))
    for (const { status, code } of answers) deepEqual([status, code], [503, null])
  }
  ok(worker.commands.length <= 1.1 * calls + 3, `${worker.commands.length} sendings of ${calls} calls`)
  ok(worker.commands.length >= 1.1 * calls - 3, 'the budget is used')
})

test('a worker says when to come again, and when not to', async t => {
  const { broker, gateway, ask, admin } = await openGateway(t, route({ retryOn: [503] }, failing))
  await gateway.ready
  const seen: number[] = []
  let say = (): never => {
    throw refuse(503, 'Busy.').retryIn(1_000)
  }
  const served = await serve({ broker, topic: 'orders.commands', group: 'workers' }, command => {
    seen.push(command.attempt)
    if (command.attempt === 1) say()
    return { body: 'done' }
  })
  t.after(() => served.close())
  const patient = await ask('/find')
  deepEqual([patient.status, patient.text], [200, 'done'])
  ok(patient.ms >= 999, `after ${patient.ms} ms`)
  say = () => {
    throw refuse(503, 'Broken.').withoutRetry()
  }
  const final = await ask('/find')
  equal(final.status, 503)
  say = () => {
    throw refuse(503, 'Busy.').retryIn(5_000)
  }
  const late = await ask('/find')
  deepEqual([late.status, late.headers['retry-after']], [503, '5'])
  deepEqual(seen, [1, 2, 1, 1])
  equal((await admin.metrics()).sum('sluice_repetitions_total', { kind: 'retry' }), 1)
})

test('a hedge rescues what is slow for once, within 2 % of the calls', async t => {
  const { ask, admin, worker } = await aGateway(t, route({ hedge: { minMs: 200 }, timeoutMs: 3_000 }))
  worker.always(command => void command.reply({ status: 200 }))
  for (let i = 0; i < 200; i += 20) await Promise.all(Array.from({ length: 20 }, () => ask('/find')))
  worker.always(command => {
    if (command.header('sluice-attempt') === '2') void command.reply({ status: 200 })
  })
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask('/find')))
  const hedges = (await admin.metrics()).sum('sluice_repetitions_total', { kind: 'hedge' })
  equal(hedges, 4, '2 % of 210 calls')
  equal(worker.commands.length, 214)
  ok(answers.some(({ status, ms }) => status === 200 && ms >= 199))
})
