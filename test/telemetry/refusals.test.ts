import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { listen } from '../../src/telemetry/listen.ts'
import { Refusals } from '../../src/telemetry/refusals.ts'

const refuse = (n: number): void =>
  events.refused.publish({
    policy: 'bulkhead',
    route: 'place-order',
    worker: 'orders',
    problem: new Problem('bulkhead-full', `Number ${n}.`, { limit: 8, observed: n, retryAfterMs: 1_500 }),
    observed: false,
  })

test('a refusal is told with who refused whom, what is allowed and was seen, and when to come again', t => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 })
  const refusals = new Refusals()
  using _ = listen(refusals.listeners)
  deepEqual(refusals.latest(), [])
  refuse(9)
  deepEqual(refusals.latest(), [
    {
      at: '1970-01-01T00:00:00.000Z',
      policy: 'bulkhead',
      route: 'place-order',
      worker: 'orders',
      code: 'bulkhead-full',
      detail: 'Number 9.',
      limit: 8,
      observed: 9,
      retryAfterMs: 1_500,
      mode: 'enforce',
    },
  ])
})

test('the last hundred are kept, the newest first', () => {
  const refusals = new Refusals()
  using _ = listen(refusals.listeners)
  for (let n = 0; n < 250; n++) refuse(n)
  const values = refusals.latest().map(({ observed }) => observed)
  equal(values.length, 100)
  deepEqual([values[0], values[99]], [249, 150])
})
