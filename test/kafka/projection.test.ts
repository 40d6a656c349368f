import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { project } from '../../src/worker/projection/index.ts'
import type { Happened } from '../../src/worker/projection/index.ts'
import { folder } from '../help/folder.ts'
import { fresh, useKafka } from '../help/kafka.ts'
import { kafkaBroker } from '../help/onkafka.ts'

const kafka = useKafka()
const balances = {
  init: () => 0,
  apply: (balance: number, { data }: Happened) => balance + (data as number),
}

test(
  'decisions of three processes add up, no balance is spent twice, and a snapshot goes on',
  { skip: kafka.skip },
  async t => {
    const topic = fresh('accounts.events')
    const admin = await kafkaBroker(t, kafka.brokers)
    await admin.admin.create([{ name: topic, partitions: 3, replication: 1, config: { 'retention.ms': '-1' } }])
    const snapshot = join(folder(t), 'accounts.db')
    const open = (more = {}) => project<number>(topic, { brokers: kafka.brokers, ...balances, ...more })
    const all = [await open({ snapshot }), await open(), await open()]
    t.after(() => Promise.all(all.map(one => one.close())))

    const keys = Array.from({ length: 6 }, (_, n) => `k${n}`)
    for (const [n, key] of keys.entries()) await all[n % 3]?.decide(key, () => [{ type: 'deposited', data: 5 }])
    const spend = (balance: number) => (balance < 1 ? [] : [{ type: 'withdrawn', data: -1 }])
    const spent = await Promise.all(
      keys.flatMap(key => all.flatMap(one => Array.from({ length: 2 }, () => one.decide(key, spend)))),
    )
    equal(spent.filter(({ appended }) => appended).length, 30)
    ok(spent.every(({ state }) => state >= 0))
    const { position } = (await all[1]?.decide('k0', () => [{ type: 'deposited', data: 3 }])) ?? { position: null }
    await all[0]?.reach(position)
    equal(all[0]?.get('k0'), 3)
    await all[0]?.close()

    const applied: string[] = []
    const counting = (balance: number, event: Happened): number => {
      applied.push(event.key)
      return balance + (event.data as number)
    }
    await all[1]?.decide('k1', () => [{ type: 'deposited', data: 2 }])
    const again = await open({ snapshot, apply: counting })
    t.after(() => again.close())
    deepEqual([again.get('k0'), again.get('k1'), applied], [3, 2, ['k1']])
  },
)
