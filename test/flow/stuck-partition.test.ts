import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { aGateway } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { until } from '../help/until.ts'

const stuck = 7
const timeoutMs = 400
const part = (mode = 'enforce'): Part => ({
  workers: { orders: { partitionBreaker: { mode, consecutive: 5, openMs: 1_000 } } },
  routes: {
    'place-order': { timeoutMs },
    'add-note': { match: 'POST /notes', command: { to: 'orders' }, timeoutMs },
  },
})

test('one stuck partition of twelve takes the others not down, is refused early with the reason, and comes back', async t => {
  const { ask, admin, broker, worker } = await aGateway(t, part())
  let heals = false
  worker.always(command => {
    if (heals || command.record.partition !== stuck) void command.reply({ status: 201 })
  })
  const partitionOf = (orderId: string): number => broker.partitionFor('orders.commands', Buffer.from(orderId))
  const ids = Array.from({ length: 200 }, (_, i) => `o-${i}`)
  const inStuck = ids.filter(id => partitionOf(id) === stuck)
  const place = async (orderId: string) => ({ orderId, ...(await ask('/orders', { body: { orderId } })) })

  // not all at once: on a busy machine the others would be late too
  const inTurns = async <T>(tasks: readonly (() => Promise<T>)[]): Promise<readonly T[]> => {
    const results: T[] = []
    for (let i = 0; i < tasks.length; i += 25)
      results.push(...(await Promise.all(tasks.slice(i, i + 25).map(task => task()))))
    return results
  }
  const round = () => inTurns(ids.map(id => () => place(id)))
  const notes = (count: number) => inTurns(Array.from({ length: count }, () => () => ask('/notes', { body: {} })))
  await until('it is given up', async () => {
    await round()
    await notes(12)
    return (await admin.metrics()).sum('sluice_bad_partitions', { worker: 'orders' }) === 1
  })
  const before = worker.commands.length
  const answers = await round()
  const others = answers.filter(({ orderId }) => partitionOf(orderId) !== stuck)
  const served = others.filter(({ status }) => status === 201)
  ok(served.length >= 0.95 * others.length, `${served.length} of ${others.length} others were served`)
  const refused = answers.filter(({ code }) => code === 'partition-stuck')
  ok(refused.length >= inStuck.length - 1, 'all but a probe')
  for (const { orderId, status, outcome, json, headers } of refused) {
    equal(partitionOf(orderId), stuck)
    deepEqual([status, outcome, json['policy']], [503, 'not-sent', 'gate'])
    match(String(json['detail']), /Partition 7 of orders is stuck: \d+ calls in a row were not answered/)
    ok(Number(headers['retry-after']) >= 1)
  }
  ok(worker.commands.length - before <= others.length + 1, 'what was refused was not sent')
  const withoutKey = await notes(100)
  ok(withoutKey.filter(({ status }) => status === 201).length >= 95, 'those without a key avoid it')
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_circuit_changes_total', { circuit: 'orders' }), 0)

  heals = true
  await until('it is served again', async () => (await place(inStuck[0]!)).status === 201, 10_000)
  equal((await admin.metrics()).sum('sluice_bad_partitions', { worker: 'orders' }), 0)
  for (const orderId of inStuck) equal((await place(orderId)).status, 201)
})

test('observed, refusals are counted and nothing is refused or avoided', async t => {
  const { ask, admin, broker, worker } = await aGateway(t, {
    ...part('observe'),
    workers: { orders: { partitionBreaker: { mode: 'observe' }, breaker: { mode: 'off' } } },
  })
  worker.always(command => void (command.record.partition !== stuck && command.reply({ status: 201 })))
  const inStuck = Array.from({ length: 200 }, (_, i) => `o-${i}`).filter(
    id => broker.partitionFor('orders.commands', Buffer.from(id)) === stuck,
  )
  const others = (): Promise<unknown> => ask('/notes', { body: {} })
  for (let i = 0; i < 8; i++) {
    const silent = ask('/orders', { body: { orderId: inStuck[i % inStuck.length] } })
    await others()
    equal((await silent).code, 'reply-timeout')
  }
  const metrics = await admin.metrics()
  equal(metrics.sum('sluice_bad_partitions', { worker: 'orders' }), 1)
  ok(metrics.sum('sluice_observed_refusals_total', { policy: 'partition', code: 'partition-stuck' }) >= 2)
})
