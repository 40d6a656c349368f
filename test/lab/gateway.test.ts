import { test } from 'node:test'
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { overlaid, sluice } from '../../src/lab/gateway.ts'
import { sum } from '../../src/lab/series.ts'
import { until } from '../help/until.ts'

test('options are laid over others: objects merge, anything else is replaced', () => {
  deepEqual(overlaid({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] }, d: { e: 2 } }), {
    a: { b: 1, c: [3] },
    d: { e: 2 },
  })
})

const places = { brokers: '', commands: 'commands', replies: 'replies', group: null } // the embedded broker

test('a gateway is started as users start it, and ends', async () => {
  const target = await sluice({
    routes: { 'place-order': { timeoutMs: 500 } },
    broker: { publish: { attemptMs: 20 } },
  })(places)
  try {
    equal(await target.readyStatus(), 200)
    const answer = await fetch(`http://127.0.0.1:${target.port}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"orderId":"1"}',
    })
    equal(answer.status, 504) // nobody serves
    const metrics = await target.metrics()
    ok(metrics !== null && sum(metrics, 'sluice_calls_total', { code: 'reply-timeout' }) === 1)
  } finally {
    await target.close()
  }
  deepEqual([await target.readyStatus(), await target.metrics()], [null, null])
})

test('it watches the group of the workers, where they have one', async () => {
  const target = await sluice()({ ...places, group: 'nobody' })
  try {
    await until('the group is seen to have no member', async () => {
      const metrics = await target.metrics()
      return metrics !== null && sum(metrics, 'sluice_worker_presence_changes_total', { presence: 'absent' }) === 1
    })
  } finally {
    await target.close()
  }
})

test('a configuration that does not hold is told with its mistakes', async () => {
  await rejects(sluice({ server: { prot: 1 } })(places), /the gateway has ended:[^]*prot/)
})
