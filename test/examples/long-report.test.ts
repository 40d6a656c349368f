import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeReport } from '../../examples/long-report/report.ts'
import { serve } from '../../src/worker/serve.ts'
import { openExample } from '../help/example.ts'

const script = join(import.meta.dirname, '..', '..', 'examples', 'long-report', 'watch.sh')
const run = promisify(execFile)

async function reporting(t: TestContext) {
  const { ask, broker, gateway } = await openExample(t, 'long-report')
  const serving = await serve({ broker, topic: 'reports.commands', group: 'reports', stopMs: 0 }, makeReport)
  t.after(() => serving.close())
  const order = (body: object) => ask('/reports', { body, headers: { prefer: 'respond-async' } })
  return { ask, order, url: gateway.url }
}

test('a report is watched as a bar in the terminal, and fetched when it is done', async t => {
  const { ask, order, url } = await reporting(t)
  const { status, headers } = await order({ pages: 20, pageMs: 50 })
  equal(status, 202)
  const { stdout } = await run('sh', [script, `${url}${headers.location}`])
  match(stdout, /\[#+\.*\] +\d+ % page \d+ of 20/)
  ok(stdout.endsWith('\ncompleted\n'), stdout)
  const done = await ask(headers.location!)
  deepEqual([done.status, done.headers.location, done.json], [201, '/reports/7', { pages: 20 }])
})

test('a report that nobody wants any more is stopped', async t => {
  const { ask, order } = await reporting(t)
  const place = (await order({ pages: 10_000, pageMs: 50 })).headers.location!
  equal((await ask(place, { method: 'DELETE' })).json['state'], 'cancelled')
  equal((await ask(place)).code, 'operation-cancelled')
  equal((await ask((await order({ pages: 0 })).headers.location!, { headers: { prefer: 'wait=5' } })).status, 422)
})
