import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { aGateway, anOrder } from '../help/gateway.ts'
import type { Part } from '../help/gateway.ts'
import { fresh } from '../help/kafka.ts'
import { startRedis, useRedis, withoutRedis } from '../help/redis.ts'
import { until } from '../help/until.ts'

const redis = useRedis()
const skip = redis.skip
const prefix = fresh('flow')
const sharing = (over: Part, url = redis.url): Part => ({ redis: { url, prefix }, ...over })

/** Orders until one is refused, by one gateway and the other. */
async function orders(asks: readonly ((path: string, options: object) => Promise<{ status: number }>)[], most: number) {
  const served = asks.map(() => 0)
  for (let i = 0; i < most; i++)
    for (const [j, ask] of asks.entries()) if ((await ask('/orders', { body: anOrder })).status === 200) served[j]!++
  return served
}

for (const [whose, over] of [
  ['a worker', { workers: { orders: { quota: { requests: 60, windowMs: 60_000 } } } }],
  ['a client', { routes: { 'place-order': { quota: { requests: 60, windowMs: 60_000 } } } }],
] as const)
  test(`two gateways keep the quota of ${whose} together`, { skip }, async t => {
    const gateways = [await aGateway(t, sharing(over)), await aGateway(t, sharing(over))]
    for (const { worker } of gateways) worker.always(command => void command.reply({}))
    for (const { admin } of gateways)
      await until(
        'Redis is reached',
        async () => (await admin.metrics()).sum('sluice_redis_state', { state: 'ready' }) > 0,
      )
    const served = await orders(
      gateways.map(({ ask }) => ask),
      80,
    )
    const all = served[0]! + served[1]!
    ok(all >= 57 && all <= 63, served.join(' and '))
    const { json } = await gateways[0]!.ask('/orders', { body: anOrder })
    deepEqual(json['violated-policies'], [whose === 'a worker' ? 'orders' : 'default'])
  })

test('a quota that is not shared is whole at each gateway', { skip }, async t => {
  const quota = { requests: 5, windowMs: 60_000, shared: false }
  const over = sharing({
    workers: { orders: { quota } },
    routes: { 'place-order': { quota: { ...quota, requests: 6 } } },
  })
  const gateways = [await aGateway(t, over), await aGateway(t, over)]
  for (const { worker } of gateways) worker.always(command => void command.reply({}))
  deepEqual(
    await orders(
      gateways.map(({ ask }) => ask),
      8,
    ),
    [5, 5],
  )
})

test('without its Redis a gateway starts, is ready, spends its share, and stops', { skip: withoutRedis() }, async t => {
  const server = await startRedis(t)
  await server.kill()
  const quota = { requests: 40, windowMs: 60_000 }
  const over = sharing({ workers: { orders: { quota } } }, server.url)
  const { gateway, ask, admin, worker } = await aGateway(t, over)
  worker.always(command => void command.reply({}))
  equal((await admin.ready()).status, 200)
  deepEqual(await orders([ask], 50), [20])
  const metrics = await admin.metrics()
  ok(metrics.sum('sluice_quota_local_total', { policy: 'lease', name: 'orders', why: 'redis' }) >= 19)
  equal(metrics.sum('sluice_redis_state', { state: 'down' }), 1)
  const begun = performance.now()
  await gateway.stop({ delayMs: 0 })
  ok(performance.now() - begun < 1_500)
})
