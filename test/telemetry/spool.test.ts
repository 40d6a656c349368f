import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

test('what waits in the spool is shown, and what was forwarded is counted', async () => {
  const happen = (): void => {
    events.spool.publish({ records: 3, bytes: 900, oldestMs: 2_500, rejected: 1 })
    events.spooled.publish({ forwarded: 4 })
    events.spooled.publish({ forwarded: 5 })
  }
  deepEqual(await counted('sluice_spool_', happen), [
    'sluice_spool_records 3',
    'sluice_spool_bytes 900',
    'sluice_spool_oldest_seconds 2.5',
    'sluice_spool_rejected_records 1',
    'sluice_spool_forwarded_total 9',
  ])
})
