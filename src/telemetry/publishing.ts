import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

const produceBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is written, and written again, by topic. */
export function countPublishing(meter: Meter, topics: ReadonlySet<string>): Listeners {
  const retry = meter.counter({
    name: 'sluice_retries_total',
    help: 'Records published again, as they were certainly not in the topic.',
    labels: ['topic'],
  })
  const observed = meter.counter({
    name: 'sluice_observed_retries_total',
    help: 'Records that retry in mode `observe` would have published again.',
    labels: ['topic'],
  })
  const spent = meter.counter({
    name: 'sluice_retry_budget_spent_total',
    help: 'Records not published again because the budget of repetitions was spent.',
    labels: ['topic'],
  })
  const duration = meter.histogram(
    {
      name: 'sluice_produce_duration_seconds',
      help: 'Produce requests, from handing over to the acknowledgement; its count is the number of batches.',
    },
    produceBounds,
  )({})
  const records = meter.counter({ name: 'sluice_produce_records_total', help: 'Records in produce requests.' })({})
  const bytes = meter.counter({ name: 'sluice_produce_bytes_total', help: 'Bytes in produce requests.' })({})
  const failed = meter.counter({
    name: 'sluice_produce_failed_records_total',
    help: 'Records whose produce request was refused or not confirmed.',
  })({})
  const retries = byName(topics, topic => retry({ topic }))
  const observing = byName(topics, topic => observed({ topic }))
  const spending = byName(topics, topic => spent({ topic }))
  return {
    retried: happened => void (happened.observed ? observing : retries)(happened.topic).value++,
    budgetSpent: ({ topic }) => void spending(topic).value++,
    produced: happened => {
      duration.observe(happened.ms / 1_000)
      records.value += happened.records
      bytes.value += happened.bytes
      failed.value += happened.failed
    },
  }
}
