import type { Config } from '../../config/schema/index.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

/** How processes ended, and those that cannot go on by themselves. */
export function countProcesses(meter: Meter, processes: Config['processes']): Listeners {
  const total = meter.counter({
    name: 'sluice_processes_total',
    help: 'Processes that this instance brought to their end, `done` or `undone`, or found that they cannot go on by themselves (`parked`).',
    labels: ['process', 'to'],
  })
  const counts = byName(Object.keys(processes), process =>
    byName(['done', 'undone', 'parked'], to => total({ process, to })),
  )
  return { process: ({ process, to }) => void counts(process)(to).value++ }
}
