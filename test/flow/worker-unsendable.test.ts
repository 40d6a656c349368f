import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { refuse, serve } from '../../src/worker/index.ts'
import type { CommandHandler } from '../../src/worker/index.ts'
import { anOrder, openGateway } from '../help/gateway.ts'

const unsendable: Readonly<Record<string, unknown>> = {
  'a number as a header': { headers: { x: 5 } },
  'a header that is undefined': { headers: { x: undefined } },
  'a list as a header': { headers: { x: ['a', 'b'] } },
  'an object that is no answer': { orderId: 'o' },
  'a text': 'done',
}

for (const [what, given] of Object.entries(unsendable))
  test(`a handler that gives ${what} is told, and its client gets 500 at once`, async t => {
    const { gateway, ask, broker } = await openGateway(t)
    await gateway.ready
    const errors: unknown[] = []
    const options = { broker, topic: 'orders.commands', group: 'orders', onError: (e: unknown) => errors.push(e) }
    const serving = await serve(options, (() => given) as CommandHandler)
    t.after(() => serving.close())
    const { status, code } = await ask('/orders', { body: anOrder })
    deepEqual([status, code], [500, null])
    equal(errors.length, 1)
    equal(errors[0] instanceof TypeError, true)
    deepEqual([serving.counters.poison, serving.counters.served], [1, 0])
  })

test('a refusal that is returned is the answer, as one that is thrown', async t => {
  const { gateway, ask, broker } = await openGateway(t)
  await gateway.ready
  const serving = await serve({ broker, topic: 'orders.commands', group: 'orders' }, () => refuse(404, 'x'))
  t.after(() => serving.close())
  const { status, json } = await ask('/orders', { body: anOrder })
  deepEqual([status, json['detail']], [404, 'x'])
})
