import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { listen } from '../../src/telemetry/listen.ts'
import { Meter } from '../../src/telemetry/meter.ts'
import { countOperations } from '../../src/telemetry/operations.ts'

test('operations, late replies and repeated requests are counted', async () => {
  const meter = new Meter()
  using _listening = listen(countOperations(meter, ['pay'], ['payments']))
  events.operations.publish({ pending: 2, ended: 3, bytes: 4_000, used: 0.5 })
  events.lateReply.publish({ worker: 'payments', ms: 2_000 })
  events.replay.publish({ route: 'pay', result: 'replayed' })
  events.replay.publish({ route: 'unheard-of', result: 'first' })
  const lines = (await meter.text()).split('\n').filter(line => !/^#|_bucket| 0$|^$/.test(line))
  deepEqual(lines, [
    'sluice_operations{state="pending"} 2',
    'sluice_operations{state="ended"} 3',
    'sluice_operations_bytes 4000',
    'sluice_operations_used_ratio 0.5',
    'sluice_late_reply_seconds_sum{worker="payments"} 2',
    'sluice_late_reply_seconds_count{worker="payments"} 1',
    'sluice_replays_total{route="pay",result="replayed"} 1',
    'sluice_replays_total{route="none",result="first"} 1',
  ])
})
