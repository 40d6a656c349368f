import type { Listeners } from './listen.ts'
import type { Meter } from './meter.ts'

/** What waits on disk while the brokers are away or slow. */
export function countSpool(meter: Meter): Listeners {
  const records = meter.gauge({ name: 'sluice_spool_records', help: 'Events that wait in the spool.' })({})
  const bytes = meter.gauge({ name: 'sluice_spool_bytes', help: 'Bytes in the spool, of those put aside too.' })({})
  const oldest = meter.gauge({
    name: 'sluice_spool_oldest_seconds',
    help: 'How long the oldest event in the spool has waited; 0 when none does.',
  })({})
  const rejected = meter.gauge({
    name: 'sluice_spool_rejected_records',
    help: 'Events in the spool that the brokers refuse for good: see `sluice spool list`.',
  })({})
  const forwarded = meter.counter({
    name: 'sluice_spool_forwarded_total',
    help: 'Events forwarded from the spool: its rate is the drain rate.',
  })({})
  return {
    spool: happened => {
      records.value = happened.records
      bytes.value = happened.bytes
      oldest.value = happened.oldestMs / 1_000
      rejected.value = happened.rejected
    },
    spooled: happened => void (forwarded.value += happened.forwarded),
  }
}
