import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { bookings } from '../../examples/trip/bookings.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'

test('a trip is booked as a whole, or not at all', async t => {
  const { ask, broker } = await openExample(t, 'trip')
  const { booked, ...handlers } = bookings()
  for (const [name, handler] of Object.entries(handlers)) {
    const serving = await serve({ broker, topic: `${name}.commands`, group: name }, handler)
    t.after(() => serving.close())
  }
  const states = (json: Readonly<Record<string, unknown>>): string[] =>
    (json['steps'] as { state: string }[]).map(({ state }) => state)

  const whole = await ask('/trips', { body: { trip: 't-1', to: 'Rome', nights: 2 } })
  deepEqual([whole.status, states(whole.json)], [200, ['done', 'done', 'done']])
  deepEqual([...(booked.get('t-1') ?? [])], ['flight', 'hotel', 'payment'])

  const short = await ask('/trips', { body: { trip: 't-2', to: 'Rome' } })
  deepEqual([short.status, states(short.json)], [200, ['done', 'skipped', 'done']])

  const dear = await ask('/trips', { body: { trip: 't-3', to: 'Rome', nights: 9, limit: 500 } })
  deepEqual([dear.status, dear.code, states(dear.json)], [409, 'process-refused', ['undone', 'undone', 'refused']])
  equal(booked.get('t-3')?.size, 0)
})
