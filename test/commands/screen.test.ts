import { test } from 'node:test'
import { deepEqual, ok } from 'node:assert/strict'
import { screenOf } from '../../src/commands/screen.ts'
import type { Told } from '../../src/commands/screen.ts'

const told: Told = {
  instance: { instance: 'gw-1', ready: true, reasons: [], draining: false, changeable: true, broker: 'ready' },
  moment: { at: 0, ok: 120, refused: 1, failed: 0, p50Ms: 2, p99Ms: 1_500 },
  'worker:orders': {
    topic: 'orders.commands',
    group: { group: 'g', presence: 'present', members: 2, lag: 1_234, ageMs: 5 },
    circuit: { name: 'orders', state: 'half-open', forced: null, reason: '', openUntil: null },
    inFlight: 3,
    limit: 64,
    waiting: 0,
  },
  'route:quiet': { match: 'GET /q', kind: 'query', to: 'orders', timeoutMs: 1, perSecond: 0, policies: [] },
  'route:busy': {
    match: 'GET /b',
    kind: 'query',
    to: 'orders',
    timeoutMs: 1,
    perSecond: 120,
    policies: [{ policy: 'bulkhead', mode: 'enforce', inFlight: 64, limit: 64, waiting: { normal: 2 } } as never],
  },
  refusals: [
    {
      at: '2026-01-01T10:11:12.000Z',
      policy: 'quota',
      route: 'busy',
      code: 'rate-limited',
      detail: 'x\u001B[2Jy',
      mode: 'enforce',
    },
  ],
}

test('a terminal shows the gateway, its workers, and its routes, the busiest first', () => {
  const lines = screenOf(told, { columns: 200, rows: 100 })
  deepEqual(lines.slice(0, 9), [
    'Sluice gw-1   ready   broker ready',
    '120 answered  1 refused  0 failed a second   p50 2 ms  p99 1.5 s',
    '',
    'WORKER  CIRCUIT    SLOTS    WAIT  GROUP       LAG',
    'orders  half-open  3 of 64  0     present, 2  1,234',
    '',
    'ROUTE  A SECOND  KIND   TO      AT A LIMIT',
    'busy   120       query  orders  bulkhead 64 of 64 slots, 2 wait',
    'quiet  0         query  orders',
  ])
})

test('it keeps to its size, and what others have said does not command the terminal', () => {
  const small = screenOf(told, { columns: 20, rows: 5 })
  ok(small.length === 5 && small.every(line => line.length <= 20))
  const all = screenOf(told, { columns: 200, rows: 100 }).join('\n')
  ok(all.includes('rate-limited  x [2Jy') && !all.includes('\u001B'))
})
