import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { markOf } from '../../src/bridge/mark.ts'
import { project } from '../../src/worker/projection/index.ts'
import { serve } from '../../src/worker/serve.ts'
import { openGateway } from '../help/gateway.ts'

const topic = 'lamps.events'

test('a query waits until the state of its worker shows what its client has seen, else it says how far that is', async t => {
  const { ask, broker, gateway } = await openGateway(t, {
    broker: { publish: { attemptMs: 50, attempts: 1 } },
    routes: {
      signal: { match: 'POST /lamps/:lamp', event: { topic, key: 'path.lamp' }, delivery: 'consumable' },
      'read-lamp': {
        match: 'GET /lamps/:lamp',
        query: { to: 'orders', key: 'path.lamp', positions: true },
        timeoutMs: 500,
      },
      'read-order': { timeoutMs: 500 },
    },
  })
  await gateway.ready
  const lamps = await project(topic, { broker, init: () => 0, apply: (count: number) => count + 1 })
  t.after(() => lamps.close())
  const seen: (string | null)[] = []
  const worker = await serve({ broker, topic: 'orders.commands', group: 'orders' }, async (command, context) => {
    seen.push(command.position)
    await lamps.reach(command.position, context)
    return { body: { count: lamps.get(command.params['lamp'] ?? '') ?? 0 } }
  })
  t.after(() => worker.close())

  const read = (position?: string) =>
    ask('/lamps/a', { headers: position === undefined ? {} : { 'sluice-position': position } })
  for (let count = 1; count <= 20; count++) {
    const { headers } = await ask('/lamps/a', { body: {} })
    deepEqual((await read(String(headers['sluice-position']))).json, { count })
  }
  const partition = broker.partitionFor(topic, Buffer.from('a'))
  const late = await read(markOf(topic, partition, 41n, 0))
  deepEqual(
    [late.status, late.json['detail']],
    [504, `The state of ${topic} is at 20 in partition ${partition}, and 42 is awaited.`],
  )
  equal((await read('nonsense')).status, 400)
  const answered = await read()
  deepEqual([answered.status, typeof answered.headers['sluice-position']], [200, 'string'])
  // a route that does not pass positions on tells its worker none
  await ask('/orders/o-1', { headers: { 'sluice-position': 'x' } })
  equal(seen.at(-1), null)
})
