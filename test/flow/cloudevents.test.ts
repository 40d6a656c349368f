import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { CloudEvent, HTTP } from 'cloudevents'
import { openGateway } from '../help/gateway.ts'
import { follow } from '../help/follow.ts'
import { until } from '../help/until.ts'

test('what the CloudEvents SDK for JavaScript sends is taken, in either mode, and stands in the record as it was', async t => {
  const event = { topic: 'signals', cloudEvents: true }
  const { ask, broker, gateway } = await openGateway(t, {
    routes: { signal: { match: 'POST /signals', event, delivery: 'consumable' } },
  })
  await gateway.ready
  const seen = await follow(t, broker, 'signals')
  const sent: readonly CloudEvent<unknown>[] = [
    new CloudEvent({
      type: 'lamp.on',
      source: '/lamps',
      subject: 'a "quoted" 100 %',
      partitionkey: 'k',
      data: { n: 1.5 },
    }),
    new CloudEvent({ type: 'lamp.note', source: '/lamps', datacontenttype: 'text/plain', data: 'Zoë' }),
    new CloudEvent({ type: 'lamp.off', source: '/lamps', flag: true, count: 3 }),
  ]
  for (const one of sent)
    for (const { headers, body } of [HTTP.binary(one), HTTP.structured(one)]) {
      const { status, json } = await ask('/signals', {
        headers: headers as Record<string, string>,
        body: typeof body === 'string' && body !== '' ? body : undefined,
        method: 'POST',
      })
      deepEqual([status, json], [202, { id: one.id }])
    }
  await until('all are there', () => seen.length === 6)
  const attributesOf = ({ headers }: (typeof seen)[number]): Record<string, string> =>
    Object.fromEntries(
      headers.filter(([name]) => name.startsWith('ce_')).map(([name, value]) => [name.slice(3), value.toString()]),
    )
  for (const [at, { data, datacontenttype, ...attributes }] of sent.map(one => one.toJSON()).entries()) {
    const expected = Object.fromEntries(
      Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    )
    for (const record of [seen[2 * at], seen[2 * at + 1]]) {
      if (record === undefined) throw new Error('It is not there.')
      deepEqual(attributesOf(record), expected)
      const text = record.value?.toString() ?? null
      if (datacontenttype === 'text/plain') deepEqual(text, data)
      else deepEqual(text === null ? undefined : JSON.parse(text), data)
    }
  }
})
