import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import { until } from '../help/until.ts'

type Told = Readonly<{
  routes: Record<string, readonly Readonly<Record<string, unknown>>[]>
  publishing: readonly Readonly<Record<string, unknown>>[]
  refusals: readonly Readonly<Record<string, unknown>>[]
}>

test('the admin port explains the stack of each route, and every refusal with its policy, limit and retry time', async t => {
  const { ask, admin } = await aGateway(t, {
    routes: {
      'place-order': { quota: { requests: 1, windowMs: 60_000 } },
      'read-order': { quota: { requests: 1, windowMs: 60_000, mode: 'observe' } },
    },
  })
  const leave = AbortSignal.timeout(50) // nobody answers: the first takes the quota and waits
  await ask('/orders', { body: anOrder, signal: leave }).catch(() => {})
  equal((await ask('/orders', { body: anOrder })).status, 429)
  const told = async (): Promise<Told> => (await admin.ask('/policies')).json as Told
  await until('who has left is out', async () => (await told()).routes['place-order']![0]!['inside'] === 0)
  const { routes, publishing, refusals } = await told()
  deepEqual(
    routes['place-order']!.map(({ policy, mode }) => `${policy} ${mode}`),
    ['drain', 'deadline', 'quota', 'gate', 'bulkhead', 'breaker', 'partition'].map(policy => `${policy} enforce`),
  )
  deepEqual(
    routes['signal']!.map(({ policy }) => policy),
    ['drain', 'deadline', 'gate'],
  )
  deepEqual(
    publishing.map(({ policy }) => policy),
    ['retry', 'attempt', 'cluster'],
  )
  deepEqual(routes['place-order']![0], { policy: 'drain', mode: 'enforce', draining: false, inside: 0 })
  const [last] = refusals
  deepEqual([last!['policy'], last!['route'], last!['code']], ['quota', 'place-order', 'rate-limited'])
  ok(Number(last!['retryAfterMs']) > 0)
})
