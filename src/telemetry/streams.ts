import type { Config } from '../../config/schema/index.ts'
import type { Listeners } from './listen.ts'
import { byName } from './meter.ts'
import type { Meter } from './meter.ts'

/** The clients of streams, and what became of them. */
export function countStreams(meter: Meter, routes: Config['routes']): Listeners {
  const streaming = Object.entries(routes).flatMap(([name, { stream }]) => (stream === undefined ? [] : [name]))
  const clients = meter.gauge({
    name: 'sluice_stream_clients',
    help: 'Clients that hear the stream at present.',
    labels: ['route'],
  })
  const happened = meter.counter({
    name: 'sluice_stream_events_total',
    help: 'Clients of the stream that joined, left, were let go as they read too slowly (`lagging`), or found no room (`refused`).',
    labels: ['route', 'kind'],
  })
  const gaps = meter.counter({
    name: 'sluice_stream_gaps_total',
    help: 'Times that clients were told of records that are gone for good: deleted by retention, or with the topic they were in.',
    labels: ['route', 'reason'],
  })
  const sizes = byName(streaming, route => clients({ route }))
  const counts = byName(streaming, route =>
    byName(['joined', 'left', 'lagging', 'refused'], kind => happened({ route, kind })),
  )
  const missed = byName(streaming, route => byName(['retention', 'recreated'], reason => gaps({ route, reason })))
  return {
    stream: ({ route, kind, clients: count }) => {
      sizes(route).value = count
      counts(route)(kind).value++
    },
    gap: ({ route, reason }) => void missed(route)(reason).value++,
  }
}
