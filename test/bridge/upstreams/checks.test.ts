import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Checks } from '../../../src/bridge/upstreams/checks.ts'
import type { Endpoint } from '../../../src/bridge/upstreams/endpoint.ts'
import { frozenClock } from '../../help/clock.ts'

test('an endpoint is ill after so many bad answers in a row, and well after so many good ones', async t => {
  const clock = frozenClock(t)
  let status = 200
  const asked: string[] = []
  const endpoint = {
    name: 'a',
    healthy: true,
    check: async ({ told: { path } }: { told: { path: string } }) => {
      asked.push(path)
      return { status, headers: [], body: new Uint8Array() }
    },
  } as unknown as Endpoint
  let changes = 0
  const options = { path: '/healthz', everyMs: 1_000, timeoutMs: 100, healthy: 2, unhealthy: 3 }
  const checks = new Checks('shop', endpoint, options, () => changes++)
  const seen: boolean[] = []
  const next = async (answer: number): Promise<void> => {
    status = answer
    await clock.advance(1_100)
    seen.push(endpoint.healthy)
  }
  await clock.advance(0)
  for (const answer of [500, 404, 204, 503, 503, 503, 301, 200]) await next(answer)
  deepEqual(seen, [true, true, true, true, true, false, false, true])
  equal(changes, 2)
  equal(asked[0], '/healthz')
  checks[Symbol.dispose]()
  const before = asked.length
  await clock.advance(5_000)
  equal(asked.length, before)
})
