import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

test('commands sent again are counted by worker, route and reason', async () => {
  const happen = (): void => {
    const happened = { worker: 'orders', route: 'find', kind: 'retry' } as const
    events.repeated.publish({ ...happened, observed: false })
    events.repeated.publish({ ...happened, kind: 'hedge', observed: true })
    events.repeated.publish({ ...happened, route: 'unheard-of', observed: false })
  }
  deepEqual(await counted('sluice_repetitions', happen), [
    'sluice_repetitions_total{worker="orders",route="find",kind="retry"} 1',
    'sluice_repetitions_total{worker="none",route="none",kind="retry"} 1',
  ])
  deepEqual(await counted('sluice_observed_repetitions', happen), [
    'sluice_observed_repetitions_total{worker="orders",route="find",kind="hedge"} 1',
  ])
})
