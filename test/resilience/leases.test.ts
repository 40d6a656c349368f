import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { Config } from '../../config/schema.ts'
import { Leases } from '../../src/resilience/leases.ts'
import { fresh } from '../help/kafka.ts'
import { startRedis, useRedis, withoutRedis } from '../help/redis.ts'
import { until } from '../help/until.ts'

const redis = useRedis()
const skip = redis.skip
const open = (url: string): Leases => new Leases(Config.parse({ routes: {}, redis: { url, prefix: 'test' } }).redis!)
const total = (name: string) => ({ policy: 'lease', name, requests: 100, windowMs: 60_000 }) as const

/** Spends until it is refused, as often as a client would that asks again. */
async function spendAll(lease: Readonly<{ spend: () => boolean }>): Promise<number> {
  let spent = 0
  for (let inVain = 0; inVain < 20; inVain++) {
    while (lease.spend()) {
      spent++
      inVain = 0
    }
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  return spent
}

test('a total is one for all instances, and what one has not spent the other gets when it stops', { skip }, async t => {
  const name = fresh('orders')
  const [a, b] = [open(redis.url), open(redis.url)]
  t.after(() => a[Symbol.asyncDispose]())
  t.after(() => b[Symbol.asyncDispose]())
  const [one, other] = [a.total(total(name)), b.total(total(name))]
  await until('both are at Redis', () => a.ready && b.ready)
  await until('a portion is leased', () => one.spend() && one.remaining < 100)
  const spent = 100 - one.remaining
  const rest = await spendAll(other)
  ok(spent + rest <= 100 && rest >= 90, `${spent} and ${rest}`)
  await a[Symbol.asyncDispose]()
  await until('what was given back arrives', () => other.spend(), 2_000)
})

test('stopping takes no time, whatever state Redis is in', { skip: withoutRedis() }, async t => {
  const server = await startRedis(t)
  for (const spoil of [async () => server.hold(), () => server.kill(), async () => {}]) {
    const leases = open(server.url)
    const lease = leases.total(total('orders'))
    if (server.pid !== 0) await until('Redis is reached', () => leases.ready)
    lease.spend()
    await spoil()
    const begun = performance.now()
    await leases[Symbol.asyncDispose]()
    ok(performance.now() - begun < 400)
    server.goOn()
  }
})

test('the total of an instance alone is whole', { skip }, async t => {
  const leases = open(redis.url)
  t.after(() => leases[Symbol.asyncDispose]())
  const lease = leases.total(total(fresh('orders')))
  await until('Redis is reached', () => leases.ready)
  equal(await spendAll(lease), 100)
})
