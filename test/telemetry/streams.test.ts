import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

test('the clients of a stream are counted, and so is what became of them', async () => {
  const happen = (): void => {
    events.stream.publish({ route: 'feed', kind: 'joined', clients: 1 })
    events.stream.publish({ route: 'feed', kind: 'joined', clients: 2 })
    events.stream.publish({ route: 'feed', kind: 'lagging', clients: 2 })
    events.stream.publish({ route: 'feed', kind: 'left', clients: 1 })
    events.gap.publish({ route: 'feed', topic: 'signals', partition: 0, reason: 'retention' })
  }
  deepEqual(await counted('sluice_stream', happen), [
    'sluice_stream_clients{route="feed"} 1',
    'sluice_stream_events_total{route="feed",kind="joined"} 2',
    'sluice_stream_events_total{route="feed",kind="left"} 1',
    'sluice_stream_events_total{route="feed",kind="lagging"} 1',
    'sluice_stream_gaps_total{route="feed",reason="retention"} 1',
  ])
})
