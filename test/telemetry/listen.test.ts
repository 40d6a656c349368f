import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { listen } from '../../src/telemetry/listen.ts'

test('a listener hears its events until it is disposed of', () => {
  const heard: string[] = []
  equal(events.budgetSpent.hasSubscribers, false)
  const listening = listen({
    budgetSpent: ({ topic }) => heard.push(topic),
    broker: ({ state }) => heard.push(state),
  })
  events.budgetSpent.publish({ topic: 'orders.commands' })
  events.broker.publish({ state: 'down', reason: '' })
  events.warning.publish({ what: 'nobody hears it', cause: null })
  listening[Symbol.dispose]()
  events.budgetSpent.publish({ topic: 'signals' })
  deepEqual(heard, ['orders.commands', 'down'])
  equal(events.budgetSpent.hasSubscribers, false)
})
