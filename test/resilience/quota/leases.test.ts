import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { Config } from '../../../config/schema/index.ts'
import { Leases } from '../../../src/resilience/quota/leases.ts'
import type { Told } from '../crowd.ts'
import { fresh } from '../../help/kafka.ts'
import { startRedis, useRedis, withoutRedis } from '../../help/redis.ts'
import { until } from '../../help/until.ts'

const redis = useRedis()
const skip = redis.skip
const leaver = new URL('../leaver.ts', import.meta.url).pathname
const crowd = new URL('../crowd.ts', import.meta.url).pathname
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

test('a process that leases ends by itself, whatever state Redis is in', { skip: withoutRedis() }, async t => {
  const server = await startRedis(t)
  for (const [spoil, waitMs] of [
    [async () => {}, 0],
    [async () => server.hold(), 0],
    [async () => server.hold(), 900], // its connection was given up, and it connects again
    [() => server.kill(), 100],
  ] as const) {
    const child = spawn(process.execPath, [leaver, server.url], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.after(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    await spoil()
    await new Promise(resolve => setTimeout(resolve, waitMs))
    const begun = performance.now()
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number | null]
    const ms = performance.now() - begun
    equal(code, 0)
    ok(ms < 1_000, `${ms} ms`)
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

const client = { policy: 'quota', name: 'place-order', requests: 100, windowMs: 60_000 } as const

test('large clients share a quota over instances, too', { skip }, async t => {
  const route = fresh('route')
  const quota = Config.parse({
    routes: { a: { match: 'GET /', event: { topic: 'a' }, quota: { requests: 100, windowMs: 60_000 } } },
  }).routes['a']!.quota!
  const [a, b] = [open(redis.url), open(redis.url)]
  t.after(() => a[Symbol.asyncDispose]())
  t.after(() => b[Symbol.asyncDispose]())
  await until('both are at Redis', () => a.ready && b.ready)
  const counts = [0, 0]
  const shares = [a.shares(quota, route), b.shares(quota, route)]
  for (let i = 0; i < 300; i++) {
    for (const [j, one] of shares.entries()) if (one.take(one.of('client'), 0) === null) counts[j]!++
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  const both = counts[0]! + counts[1]!
  ok(both >= 95 && both <= 105, counts.join(' and '))
  equal(a.clients + b.clients, 2)
})

test('leases for no more large clients than it may, until some are small again', { skip }, async t => {
  const leases = new Leases(Config.parse({ routes: {}, redis: { url: redis.url, clients: 2 } }).redis!)
  t.after(() => leases[Symbol.asyncDispose]())
  const short = { ...client, windowMs: 100 }
  ok(leases.client(short, fresh('a')) !== null)
  ok(leases.client(short, fresh('b')) !== null)
  equal(leases.client(short, fresh('c')), null)
  await until('they have had a window without a call', () => leases.clients === 0)
  ok(leases.client(short, fresh('c')) !== null)
})

test('10,000 clients, a thousand of them large, on a real Redis, cost less than 20 MB', { skip }, async t => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', crowd, redis.url])
  const { bytes, large, alarms } = JSON.parse(stdout) as Told
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / 10_000)} bytes a client`)
  ok(bytes < 20_000_000, `${bytes} bytes`)
  deepEqual([large, alarms], [1_000, 0])
})
