import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { unmarked } from '../../src/bridge/unmarked.ts'
import { events } from '../../src/events.ts'
import { frozenClock } from '../help/clock.ts'
import { aRecord } from '../help/record.ts'

test('replies without an id are told of at once and then once a minute, with the usual cause', async t => {
  const clock = frozenClock(t)
  const warnings: string[] = []
  const listen = ({ what }: { what: string }): void => void warnings.push(what)
  events.warning.subscribe(listen)
  t.after(() => events.warning.unsubscribe(listen))
  const missed = unmarked(['spring', 'sluice', 'spring'])
  for (let i = 0; i < 5; i++) missed(aRecord({ offset: BigInt(i) }))
  equal(warnings.length, 1)
  match(warnings[0]!, /^1 reply in gateway\.replies without a correlation id, the latest in partition 0 at 0/)
  match(warnings[0]!, /kafka_correlationId or sluice-correlation-id as it came/)
  match(warnings[0]!, /splitIterables/)
  await clock.advance(60_000)
  missed(aRecord({ offset: 9n }))
  deepEqual(
    warnings.map(what => what.slice(0, 9)),
    ['1 reply i', '5 replies'],
  )
})
