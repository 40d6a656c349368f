import { test } from 'node:test'
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aGateway, anOrder } from '../help/gateway.ts'

test('a circuit that was open is open after a restart, and nothing is sent into the trouble again', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-restart-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const over = {
    policies: { stateFile: join(folder, 'circuits.json') },
    workers: { orders: { breaker: { minCalls: 3, openMs: 60_000 } } },
  }
  const before = await aGateway(t, over)
  before.worker.always(command => void command.reply({ status: 503 }))
  for (let i = 0; i < 3; i++) equal((await before.ask('/orders', { body: anOrder })).status, 503)
  equal((await before.ask('/orders', { body: anOrder })).code, 'circuit-open')
  await before.gateway.stop()

  const { ask, admin, worker } = await aGateway(t, over)
  const refused = await ask('/orders', { body: anOrder })
  deepEqual([refused.status, refused.code, refused.outcome], [503, 'circuit-open', 'not-sent'])
  match(String(refused.json['detail']), /before the restart at least 50 % failed/)
  const retryAfter = Number(refused.headers['retry-after'])
  ok(retryAfter > 30 && retryAfter <= 87, `Retry-After is ${retryAfter}`)
  equal((await admin.metrics()).sum('sluice_circuit_state', { circuit: 'orders', state: 'open' }), 1)
  equal(worker.commands.length, 0)
})
