import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Config } from '../../config/schema/index.ts'
import { events } from '../../src/events.ts'
import { openMetrics } from '../../src/telemetry/metrics.ts'

const config = Config.parse({
  routes: {},
  workers: { orders: { topic: 'orders.commands', group: 'orders' }, stock: { topic: 'stock.commands' } },
})

async function shown(happen: () => void, name = /^sluice_worker_(members|lag|rebalancing)/): Promise<string[]> {
  using metrics = openMetrics(config, () => 0)
  happen()
  return (await metrics.text()).split('\n').filter(line => name.test(line))
}

test('of a group that is watched its members, lag and rebalancing are shown', async () => {
  const happen = (): void => events.watched.publish({ worker: 'orders', members: 3, lag: 40, rebalancing: true })
  deepEqual(await shown(happen), [
    'sluice_worker_members{worker="orders"} 3',
    'sluice_worker_lag_records{worker="orders"} 40',
    'sluice_worker_rebalancing{worker="orders"} 1',
  ])
})

test('what is unknown is no number, neither before the first look nor later', async () => {
  const unknown = [
    'sluice_worker_members{worker="orders"} Nan',
    'sluice_worker_lag_records{worker="orders"} Nan',
    'sluice_worker_rebalancing{worker="orders"} 0',
  ]
  deepEqual(await shown(() => {}), unknown)
  const happen = (): void => {
    events.watched.publish({ worker: 'orders', members: 3, lag: 40, rebalancing: true })
    events.watched.publish({ worker: 'orders', members: null, lag: null, rebalancing: false })
  }
  deepEqual(await shown(happen), unknown)
})

test('each change of its presence is counted', async () => {
  const happened = { worker: 'orders', group: 'orders', reason: '' } as const
  const happen = (): void => {
    events.group.publish({ ...happened, from: 'unknown', to: 'present' })
    events.group.publish({ ...happened, from: 'present', to: 'absent' })
    events.group.publish({ ...happened, from: 'absent', to: 'present' })
  }
  deepEqual(await shown(happen, /^sluice_worker_presence.* [^0]$/), [
    'sluice_worker_presence_changes_total{worker="orders",presence="absent"} 1',
    'sluice_worker_presence_changes_total{worker="orders",presence="present"} 2',
  ])
})

test('of partitions only the number of bad ones is shown', async () => {
  const happened = { worker: 'stock', partition: 7, to: 'bad', reason: '' } as const
  const happen = (): void => {
    events.partition.publish({ ...happened, bad: 1 })
    events.partition.publish({ ...happened, bad: 2 })
  }
  deepEqual(await shown(happen, /^sluice_bad_partitions/), [
    'sluice_bad_partitions{worker="orders"} 0',
    'sluice_bad_partitions{worker="stock"} 2',
  ])
})
