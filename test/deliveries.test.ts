import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { Config } from '../config/schema/index.ts'
import type { Keeping, TopicInfo } from '../src/bridge/admin.ts'
import { MemoryBroker } from '../src/bridge/memory.ts'
import { Deliveries } from '../src/deliveries.ts'
import { events } from '../src/events.ts'
import type { Happenings } from '../src/events.ts'
import { frozenClock } from './help/clock.ts'

const config = Config.parse({
  broker: { brokers: 'kafka-1:9092, kafka-2:9092' },
  routes: { signal: { match: 'POST /signals', event: { topic: 'signals' } } },
})
const bad: Keeping = { retentionMs: -1, cleanupPolicy: 'delete', minInsyncReplicas: 1, replication: 3, brokers: 3 }
const infoOf = (keeping: Keeping): TopicInfo => ({ name: 'signals', partitions: 1, maxMessageBytes: 1_000, keeping })

test('a mismatch is told once, with the brokers in its command, and no more once it is mended', async t => {
  const clock = frozenClock(t)
  const told: Happenings['warning'][] = []
  const hear = (warning: Happenings['warning']): void => void told.push(warning)
  events.warning.subscribe(hear)
  t.after(() => events.warning.unsubscribe(hear))
  const broker = new MemoryBroker()
  let described = infoOf(bad)
  const admin = { ...broker.admin, topic: async () => described }
  const deliveries = new Deliveries(config, { admin, past: broker.past })
  using _following = deliveries.follow(new Map([['signals', described]]))
  await setImmediate()
  equal(told.length, 1)
  match(told[0]?.what ?? '', /--bootstrap-server kafka-1:9092,kafka-2:9092 .*min\.insync\.replicas=2$/)
  deepEqual(deliveries.notices, [told[0]?.what])
  await clock.advance(300_000)
  equal(told.length, 1)
  described = infoOf({ ...bad, minInsyncReplicas: 2 })
  await clock.advance(300_000)
  await setImmediate()
  deepEqual(deliveries.notices, [])
})

test('who does not answer at once is asked again soon, and what is known by then is told', async t => {
  const clock = frozenClock(t)
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'signals', partitions: 1, replication: 1, config: {} }])
  const signal = { match: 'POST /signals', event: { topic: 'signals', groups: ['billing'] } }
  let asked = 0
  const admin: typeof broker.admin = {
    ...broker.admin,
    topic: async () => infoOf(bad),
    group: async (name, topic) => {
      if (asked++ === 0) throw new Error('no connection yet')
      return broker.admin.group(name, topic)
    },
  }
  const deliveries = new Deliveries(Config.parse({ routes: { signal } }), { admin, past: broker.past })
  using _following = deliveries.follow(new Map([['signals', infoOf(bad)]]))
  await clock.advance(0)
  equal(deliveries.notices.length, 1)
  await clock.advance(1_000)
  match(deliveries.notices[1] ?? '', /the group billing has read nothing/)
})
