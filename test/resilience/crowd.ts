// Run by leases.test.ts in a process of its own, as the test runner's hooks make each promise several times as dear.
import { setTimeout as sleep } from 'node:timers/promises'
import { Config } from '../../config/schema/index.ts'
import { alarms } from '../../src/clock.ts'
import { Leases } from '../../src/resilience/quota/leases.ts'

export type Told = Readonly<{ bytes: number; large: number; alarms: number }>

const quota = { requests: 1_000, windowMs: 600_000 }
const { redis, routes } = Config.parse({
  redis: { url: process.argv[2], prefix: `crowd-${process.pid}` },
  routes: { 'place-order': { match: 'POST /orders', event: { topic: 'orders' }, quota } },
})
await using leases = new Leases(redis!)
while (!leases.ready) await sleep(5)
const shares = leases.shares(routes['place-order']!.quota!, 'place-order')

async function heap(): Promise<number> {
  await sleep(500) // what is on its way arrives
  ;(globalThis as unknown as { gc: () => void }).gc()
  return process.memoryUsage().heapUsed
}
const call = (i: number): unknown => shares.take(shares.of(`2001:db8::${i.toString(16)}`), 0)

call(0)
const before = await heap()
for (let i = 0; i < 10_000; i++) call(i)
for (let round = 0; round < 60; round++) {
  for (let i = 0; i < 1_000; i++) call(i)
  await sleep(10)
}
const bytes = (await heap()) - before
const told: Told = { bytes, large: leases.clients, alarms: alarms() }
console.log(JSON.stringify(told))
