import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'

test('Prefer: wait shortens the wait of its client, and is said to be applied', async t => {
  const { ask, worker } = await aGateway(t, { routes: { 'place-order': { timeoutMs: 60_000 } } })
  const asked = ask('/orders', { body: anOrder, headers: { prefer: 'respond-async, wait=1' } })
  const command = await worker.next()
  const answer = await asked
  equal(answer.status, 504) // this route offers no 202
  equal(answer.code, 'reply-timeout')
  equal(answer.outcome, 'sent')
  equal(answer.headers['preference-applied'], 'wait=1')
  ok(answer.ms >= 999 && answer.ms < 10_000, `after ${answer.ms} ms`)
  ok(command.expires > Date.now() + 30_000, 'the command is wanted as long as the route says')
})

test('Prefer: wait is said to be applied on an answer in time too, and not when it is longer than the route waits', async t => {
  const { ask, worker } = await aGateway(t)
  worker.always(command => void command.reply({ status: 201 }))
  const applied = async (prefer: string): Promise<unknown> =>
    (await ask('/orders', { body: anOrder, headers: { prefer } })).headers['preference-applied']
  equal(await applied('wait=2'), 'wait=2')
  equal(await applied('wait="1"; foo'), 'wait=1')
  equal(await applied('wait=3'), undefined)
  equal(await applied('wait=soon'), undefined)
  equal(await applied('return=minimal'), undefined)
})

test('wait=0 is a deadline that has passed: nothing is sent', async t => {
  const { ask, worker } = await aGateway(t)
  const answer = await ask('/orders', { body: anOrder, headers: { prefer: 'wait=0' } })
  equal(answer.status, 504)
  equal(answer.code, 'deadline-exceeded')
  equal(answer.outcome, 'not-sent')
  equal(worker.commands.length, 0)
})

test('a client may say in a header how many milliseconds it waits, and no longer than the route', async t => {
  const { ask, worker } = await aGateway(t, {
    routes: {
      'place-order': { timeoutMs: 60_000, deadlineHeader: 'x-deadline-ms' },
      'read-order': { timeoutMs: 100, deadlineHeader: 'x-deadline-ms' },
    },
  })
  const short = await ask('/orders', { body: anOrder, headers: { 'x-deadline-ms': '150' } })
  equal(short.code, 'reply-timeout')
  ok(short.ms >= 149 && short.ms < 30_000, `after ${short.ms} ms`)
  const long = await ask('/orders/o-1', { headers: { 'x-deadline-ms': '100000' } })
  equal(long.code, 'reply-timeout')
  ok(long.ms >= 99 && long.ms < 30_000, `after ${long.ms} ms`)
  const wrong = await ask('/orders', { body: anOrder, headers: { 'x-deadline-ms': 'soon' } })
  equal(wrong.status, 400)
  equal(wrong.outcome, 'not-sent')
  equal(worker.commands.length, 2)
})

test('a wait that its client shortened says nothing against the worker', async t => {
  const { ask, admin, worker } = await aGateway(t, {
    workers: { orders: { breaker: { consecutive: 2 } } },
    routes: { 'place-order': { timeoutMs: 60_000, deadlineHeader: 'x-deadline-ms' } },
  })
  for (let i = 0; i < 5; i++)
    equal(
      (await ask('/orders', { body: { ...anOrder, orderId: `o-${i}` }, headers: { 'x-deadline-ms': '150' } })).code,
      'reply-timeout',
    )
  equal(worker.commands.length, 5)
  equal((await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: 'closed' }), 1)
})
