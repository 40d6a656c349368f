import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted, problem } from './counted.ts'

test('repetitions are counted, those only observed apart', async () => {
  const happen = (): void => {
    const happened = { topic: 'orders.commands', attempt: 1, delayMs: 1, problem }
    events.retried.publish({ ...happened, observed: false })
    events.retried.publish({ ...happened, observed: true })
    events.retried.publish({ ...happened, observed: true })
    events.budgetSpent.publish({ topic: 'signals' })
  }
  deepEqual(await counted('sluice_retr', happen), [
    'sluice_retries_total{topic="orders.commands"} 1',
    'sluice_retry_budget_spent_total{topic="signals"} 1',
  ])
  deepEqual(await counted('sluice_observed_retries', happen), [
    'sluice_observed_retries_total{topic="orders.commands"} 2',
  ])
})

test('produce requests are counted with what they carry', async () => {
  const happen = (): void => {
    events.produced.publish({ records: 12, bytes: 3_000, ms: 1.5, failed: 0 })
    events.produced.publish({ records: 2, bytes: 500, ms: 8.5, failed: 2 })
  }
  deepEqual(await counted('sluice_produce', happen), [
    'sluice_produce_duration_seconds_sum 0.01',
    'sluice_produce_duration_seconds_count 2',
    'sluice_produce_records_total 14',
    'sluice_produce_bytes_total 3500',
    'sluice_produce_failed_records_total 2',
  ])
})
