import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { shop } from '../../examples/prices/shops.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'

test('the prices of three shops come as one document', async t => {
  const { ask, broker } = await openExample(t, 'prices')
  for (const name of ['north', 'south', 'west']) {
    const serving = await serve({ broker, topic: `${name}.prices`, group: name }, shop(name))
    t.after(() => serving.close())
  }
  const tea = await ask('/prices/tea')
  deepEqual(
    Object.entries(tea.json).map(([name, part]) => [name, (part as { body: { price: number } }).body.price]),
    [
      ['north', 3.2],
      ['south', 2.9],
      ['west', 3.5],
    ],
  )
  const rice = await ask('/prices/rice')
  deepEqual([rice.status, rice.headers['sluice-partial']], [200, undefined])
  equal((rice.json['south'] as { status: number }).status, 404)
})
