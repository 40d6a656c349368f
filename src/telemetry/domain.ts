import type { Config } from '../../config/schema/index.ts'
import { domainEventClasses } from '../events.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

/** The domain events that were read for replies, by what they were. */
export function countDomainEvents(meter: Meter, routes: Config['routes']): Listeners {
  const topics = new Set(Object.values(routes).flatMap(({ replies }) => replies?.topic ?? []))
  const read = meter.counter({
    name: 'sluice_domain_events_total',
    help: 'Domain events read: `answered` a call; came `early` and answered one later; found `nobody` waiting; a `duplicate` of one that answered; `ignored` for their type; `unmatched`, as what should name their command is missing.',
    labels: ['topic', 'class'],
  })
  const counts = byName([...topics], topic => byName(domainEventClasses, name => read({ topic, class: name })))
  return { domainEvent: ({ topic, class: name }) => void counts(topic)(name).value++ }
}
