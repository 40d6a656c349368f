import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { join } from 'node:path'
import { load } from '../../config/load.ts'
import { start } from '../../src/app.ts'
import { client } from '../help/ask.ts'
import { built } from '../help/built.ts'
import { startChild } from '../help/child.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { python, without } from '../help/recipes.ts'
import { until } from '../help/until.ts'

const kafka = useKafka()
const recipe = python('read.py')
const skip = kafka.skip || without('CloudEvents, Python', recipe)

test('the CloudEvents SDK for Python reads what clients sent', { skip, timeout: 600_000 }, async t => {
  const folder = await built('events', recipe)
  if (folder === null) return t.skip('examples/events could not be built.')
  const topics = { EVENTS_TOPIC: fresh('events'), SIGNALS_TOPIC: fresh('signals') }
  const env = { KAFKA_BROKERS: kafka.brokers, ...topics }
  const set = ['server.host=127.0.0.1', 'server.port=0', 'admin.port=0', 'log.level=silent', 'overload.mode=off']
  const { config } = load(join(import.meta.dirname, '../../examples/events/gateway.yaml'), { set, env })
  if (config === null) throw new Error('The configuration of the example does not hold.')
  const gateway = await start(config)
  t.after(() => gateway.stop({ delayMs: 0 }))
  await gateway.ready
  using asking = client(gateway.url)
  const reader = await startChild({ command: recipe.run, cwd: folder, ready: /joined/, env })
  t.after(() => reader[Symbol.asyncDispose]())

  const time = '2026-01-01T00:00:00.000001+00:00'
  const head = { specversion: '1.0', source: '/lamps', type: 'lamp.on', time, partitionkey: 'a' }
  const events = ['structured', 'first', 'second', 'binary'].map((id, n) => ({ ...head, id, data: { n, text: 'Zoë' } }))
  const [structured, ...others] = events
  const send = (type: string, body: unknown, more: Record<string, string> = {}) =>
    asking.ask('/events', { headers: { 'content-type': type, ...more }, body: Buffer.from(JSON.stringify(body)) })
  const statuses = [
    await send('application/cloudevents+json', structured),
    await send('application/cloudevents-batch+json', others.slice(0, 2)),
    await send('application/json', events[3]?.data, {
      'ce-specversion': '1.0',
      'ce-id': 'binary',
      'ce-source': '/lamps',
      'ce-type': 'lamp.on',
      'ce-time': time,
      'ce-partitionkey': 'a',
    }),
  ].map(({ status }) => status)
  deepEqual(statuses, [202, 202, 202])
  const read = (): readonly string[] => reader.printed.split('\n').filter(line => line.startsWith('{'))
  await until('all are read', () => read().length === 4, 60_000)
  deepEqual(
    read().map(line => {
      const { datacontenttype, time: at, ...event } = JSON.parse(line) as Record<string, string>
      deepEqual(datacontenttype, 'application/json')
      return { ...event, time: at?.replace(' ', 'T') }
    }),
    events,
  )
})
