import { channel } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { events } from '../src/events.ts'

test('what happens reaches those who listen, under its own name, and nobody else', () => {
  const heard: unknown[] = []
  const listen = (message: unknown): void => void heard.push(message)
  equal(events.retried.hasSubscribers, false)
  channel('sluice:budgetSpent').subscribe(listen)
  events.budgetSpent.publish({ topic: 't' })
  events.warning.publish({ what: 'something else', cause: null })
  channel('sluice:budgetSpent').unsubscribe(listen)
  deepEqual(heard, [{ topic: 't' }])
})
