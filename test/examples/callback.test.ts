import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { makeReport } from '../../examples/callback/report.ts'
import { receiver } from '../../examples/callback/receiver.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'
import { until } from '../help/until.ts'

const secret = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`

test('whoever asks for a report is called back when it is done', async t => {
  const told: Readonly<{ type: string; data: Readonly<Record<string, unknown>> }>[] = []
  const server = receiver(secret, one => told.push(one)).listen(9_999, '127.0.0.1')
  t.after(() => server.close())
  const { ask, broker } = await openExample(t, 'callback', { CALLBACK_SECRET: secret })
  const serving = await serve({ broker, topic: 'reports.commands', group: 'reports' }, makeReport(50))
  t.after(() => serving.close())
  const headers = { prefer: 'respond-async, callback; url="http://127.0.0.1:9999/done"' }
  const answer = await ask('/reports', { body: { year: 2026 }, headers })
  deepEqual([answer.status, answer.headers['preference-applied']], [202, 'respond-async, callback'])
  await until('it is called back', () => told.length > 0)
  deepEqual([told[0]?.type, told[0]?.data['route']], ['operation.completed', 'make-report'])
  const { location } = (told[0]!.data['reply'] as { headers: Record<string, string> }).headers
  equal(location, '/reports/2026')
  const elsewhere = { prefer: 'respond-async, callback; url="http://127.0.0.1:9998/done"' }
  equal((await ask('/reports', { body: { year: 2026 }, headers: elsewhere })).code, 'callback-forbidden')
})
