// The cluster of gateway and workers is lost, and they go on in the one that MirrorMaker 2 has filled: npm run mirror:long.
import { suite, test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from '../../config/load.ts'
import { ordersOn } from '../../examples/two-clusters/orders.ts'
import { start } from '../../src/app.ts'
import { serve } from '../../src/worker/index.ts'
import type { Broker } from '../../src/bridge/broker.ts'
import { startClusters } from '../../tools/mirror/clusters.ts'
import { client } from '../help/ask.ts'
import { withoutKafka } from '../help/kafka.ts'
import { listenTo } from '../help/listener.ts'
import { until } from '../help/until.ts'

const example = join(import.meta.dirname, '..', '..', 'examples', 'two-clusters', 'gateway.yaml')
const soonMs = 30_000
const orders = Array.from({ length: 100 }, (_, n) => `o-${n}`)

/** Gateway and worker in one cluster, with the configuration of the example. */
async function site(brokers: string, broker: Broker) {
  await using held = new AsyncDisposableStack()
  const set = ['server.port=0', 'admin.port=0', 'log.level=error', 'overload.mode=off']
  const { config, mistakes } = parse(readFileSync(example, 'utf8'), example, { env: { KAFKA_A: brokers }, set })
  deepEqual(mistakes, [])
  const gateway = await start(config!)
  held.defer(() => gateway.stop({ delayMs: 0 }))
  const runs = new Map<string, number>()
  const handle = ordersOn(broker)
  broker.start(['orders.events', 'orders.state'])
  held.use(
    await serve({ broker, topic: 'orders.commands', group: 'orders', mirrored: true }, (command, context) => {
      const { orderId = '' } = command.json() as { orderId?: string }
      runs.set(orderId, (runs.get(orderId) ?? 0) + 1)
      return handle(command, context)
    }),
  )
  await gateway.ready
  const { ask } = held.use(client(gateway.url))
  const all = held.move()
  return { gateway, ask, runs, close: () => all.disposeAsync() }
}

suite('a cluster that takes over', { skip: withoutKafka(), timeout: 300_000 }, () => {
  test('what was mirrored is shown, what was done comes again at most, and positions of the lost cluster are told', async t => {
    await using held = new AsyncDisposableStack()
    const clusters = held.use(await startClusters(line => console.log(line), true))
    const { a, b, kafka, addresses } = clusters
    const before = await site(addresses.KAFKA_A, a)
    held.defer(before.close)
    const listener = await listenTo(t, `${before.gateway.url}/orders/events`).open()
    let position = ''
    for (const orderId of orders) {
      const { status, headers } = await before.ask('/orders', { body: { orderId } })
      equal(status, 201)
      position = String(headers['sluice-position'])
    }
    await until('all is told', () => listener.data.length === orders.length, soonMs)
    b.start(['orders.state'])
    const mirrored = async (): Promise<boolean> =>
      (await b.past.offsets('orders.state', 'end')).reduce((sum, end) => sum + end, 0n) >= BigInt(orders.length)
    await until('it is mirrored', mirrored, soonMs)
    await clusters.flows()
    await Promise.all(kafka.nodes.map(node => node.kill9()))
    await clusters.mirror.kill9()

    const after = await site(addresses.KAFKA_B, b)
    held.defer(after.close)
    for (const orderId of orders)
      deepEqual((await after.ask(`/orders/${orderId}`)).json, { orderId, state: 'placed' }, orderId)
    const placed = await after.ask('/orders', { body: { orderId: 'new' } })
    deepEqual([placed.status, placed.json['orderId']], [201, 'new'])
    equal((await after.ask('/orders/o-1', { headers: { 'sluice-position': position } })).code, 'position-gone')
    const again = listenTo(t, `${after.gateway.url}/orders/events`, { headers: { 'last-event-id': listener.lastId } })
    await until('all is told again', () => again.data.length > orders.length, soonMs)
    equal(again.heard.filter(({ event, data }) => event === 'gap' && data.includes('recreated')).length, 3)
    const twice = orders.filter(id => after.runs.has(id)).length
    ok([...after.runs.values()].every(count => count === 1))
    console.log(`a cluster was lost after ${orders.length} commands: all shown, ${twice} of them run again`)
  })
})
