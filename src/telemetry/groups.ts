import type { Config } from '../../config/schema/index.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

/** What is known of the groups of the workers, where they are watched, and of their partitions. No partition is a label. */
export function countGroups(meter: Meter, workers: Config['workers']): Listeners {
  const members = meter.gauge({
    name: 'sluice_worker_members',
    help: 'Members of the consumer group of the worker; NaN while unknown.',
    labels: ['worker'],
  })
  const lag = meter.gauge({
    name: 'sluice_worker_lag_records',
    help: 'Records of the topic that the group of the worker has not committed yet; NaN while unknown.',
    labels: ['worker'],
  })
  const rebalancing = meter.gauge({
    name: 'sluice_worker_rebalancing',
    help: 'Whether the group of the worker is handing out its partitions: 1 or 0.',
    labels: ['worker'],
  })
  const changes = meter.counter({
    name: 'sluice_worker_presence_changes_total',
    help: 'Changes of the group of the worker to the presence: `absent` has no member, `unknown` cannot be watched.',
    labels: ['worker', 'presence'],
  })
  const bad = meter.gauge({
    name: 'sluice_bad_partitions',
    help: 'Partitions of the worker that are given up while others answer.',
    labels: ['worker'],
  })
  const skew = meter.gauge({
    name: 'sluice_worker_clock_skew_seconds',
    help: 'How far the clock of the worker is ahead of ours, or behind (negative), as its replies show it; 0 when by less than a second.',
    labels: ['worker'],
  })
  const clocks = byName(Object.keys(workers), worker => skew({ worker }))
  const watched = Object.keys(workers).filter(worker => workers[worker]?.group !== undefined)
  const groups = byName(watched, worker => {
    const of = {
      members: members({ worker }),
      lag: lag({ worker }),
      rebalancing: rebalancing({ worker }),
      changes: byName(['unknown', 'absent', 'rebalancing', 'present'], presence => changes({ worker, presence })),
    }
    of.members.value = of.lag.value = NaN
    return of
  })
  const partitions = byName(Object.keys(workers), worker => bad({ worker }))
  return {
    group: ({ worker, to }) => void groups(worker).changes(to).value++,
    watched: happened => {
      const of = groups(happened.worker)
      of.members.value = happened.members ?? NaN
      of.lag.value = happened.lag ?? NaN
      of.rebalancing.value = happened.rebalancing ? 1 : 0
    },
    skew: ({ worker, ms }) => void (clocks(worker).value = ms / 1_000),
    partition: happened => void (partitions(happened.worker).value = happened.bad),
  }
}
