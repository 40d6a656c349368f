import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { serve } from '../../src/worker/serve.ts'
import { anOrder, openGateway } from '../help/gateway.ts'
import type { Opened } from '../help/gateway.ts'

/** Gateways of these instances on one broker, and one worker that echoes. */
async function together(t: TestContext, instances: readonly object[]): Promise<readonly Opened[]> {
  const broker = new MemoryBroker()
  t.after(() => broker[Symbol.asyncDispose]())
  const all = await Promise.all(instances.map(instance => openGateway(t, { instance }, { broker })))
  await Promise.all(all.map(({ gateway }) => gateway.ready))
  const serving = await serve({ broker, topic: 'orders.commands', group: 'echo' }, command => ({
    status: 201,
    body: command.json(),
  }))
  t.after(() => serving.close())
  return all
}

/** Everybody asks for orders of his own at once; returns whose order came back. */
async function echoes(gateways: readonly Opened[], count: number): Promise<readonly (readonly [string, unknown])[]> {
  const asked = gateways.flatMap(({ ask }, g) =>
    Array.from({ length: count }, async (_, i) => {
      const orderId = `${g}-${i}`
      const { json } = await ask('/orders', { body: { orderId, amount: i } })
      return [orderId, json['orderId']] as const
    }),
  )
  return await Promise.all(asked)
}

for (const [what, instances] of [
  [
    'each with a partition of its own',
    [
      { id: 'a', ordinal: 0 },
      { id: 'b', ordinal: 1 },
    ],
  ],
  [
    'both with the same partition',
    [
      { id: 'a', ordinal: 3 },
      { id: 'b', ordinal: 3 },
    ],
  ],
  ['both even with the same name', [{ id: 'same' }, { id: 'same' }]],
] as const)
  test(`two gateways on one broker, ${what}: no answer crosses over`, async t => {
    const gateways = await together(t, instances)
    const answers = await echoes(gateways, 300)
    equal(answers.length, 600)
    for (const [sent, got] of answers) equal(got, sent)
  })

test('when one of two stops, the other goes on', async t => {
  const [first, second] = await together(t, [
    { id: 'a', ordinal: 0 },
    { id: 'b', ordinal: 1 },
  ])
  await first!.gateway.stop({ delayMs: 0 })
  const answer = await second!.ask('/orders', { body: anOrder })
  deepEqual([answer.status, answer.json], [201, anOrder])
  notEqual(second!.broker.state, 'down')
})
