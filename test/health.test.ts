import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Config } from '../config/schema/index.ts'
import { now } from '../src/clock.ts'
import { Health } from '../src/health.ts'

const aHealth = (readiness: 'degraded' | 'strict' = 'degraded') => {
  const broker = { state: 'ready' as 'ready' | 'down', reason: 'nobody listens', movedSince: () => false }
  const replies = {
    skews: { notices: [] as string[], of: (worker: string) => (worker === 'orders' ? 'Its clock differs.' : null) },
  }
  const inbox = {
    healthy: true,
    sickForMs: 0,
    sickSince: () => false,
    reason: 'The reader of the replies is being repaired.',
    notices: [] as string[],
  }
  const circuit = { wouldRefuse: () => null, troubledSince: () => false }
  const stall = { since: () => false }
  const config = Config.parse({ readiness, routes: {} })
  const health = new Health({
    config,
    broker,
    inbox,
    replies,
    cluster: { circuit },
    stall,
    upstreams: { named: new Map() },
    calling: [],
    push: [],
  } as never)
  return { health, broker, inbox, stall }
}

test('until it is prepared nothing can be asked, and the refusal says what it waits for', () => {
  const { health } = aHealth()
  health.readiness.block('broker', 'the topics are being looked at')
  const problem = health.started()
  deepEqual([problem?.code, problem?.message], ['not-ready', 'Not ready yet: the topics are being looked at'])
  health.prepared()
  equal(health.started(), null)
  equal(health.readiness.ready, true)
})

test('an outage of the brokers degrades an instance that was ready, and takes it out of service only when strict', () => {
  for (const [readiness, ready] of [
    ['degraded', true],
    ['strict', false],
  ] as const) {
    const { health, broker } = aHealth(readiness)
    health.prepared()
    broker.state = 'down'
    health.look()
    deepEqual(health.degraded(), { broker: 'No broker is reachable: nobody listens.' })
    equal(health.readiness.ready, ready)
    equal(health.reachable()?.code, 'broker-unavailable')
    broker.state = 'ready'
    health.look()
    deepEqual([health.degraded(), health.readiness.ready], [{}, true])
  }
})

test('a reader that is dead for longer than an outage takes to be noticed makes it not ready', () => {
  const { health, inbox, broker } = aHealth()
  health.prepared()
  inbox.healthy = false
  inbox.sickForMs = 1_000
  health.look()
  equal(health.readiness.ready, true)
  equal(health.answerable()?.code, 'not-ready')
  broker.movedSince = () => true
  equal(health.answerable(), null, 'who follows a leader that has moved is soon back')
  inbox.sickForMs = 1_001
  equal(health.answerable()?.code, 'not-ready')
  inbox.sickForMs = 60_000
  health.look()
  deepEqual(health.readiness.reasons, { replies: 'The reader of the replies is being repaired.' })
})

test('silence while we were deaf ourselves blames no worker', () => {
  const { health, stall, broker } = aHealth()
  equal(health.excused(now()), false)
  broker.movedSince = () => true
  equal(health.excused(now()), true, 'the worker may be looking for its leader')
  broker.movedSince = () => false
  stall.since = () => true
  equal(health.excused(now()), true)
})

test('what an operator should know is said once the instance is ready, and takes nothing out of service', () => {
  const { health, inbox } = aHealth('strict')
  inbox.notices = ['a transaction is open']
  deepEqual(health.notices(), [])
  health.prepared()
  deepEqual(health.notices(), ['a transaction is open'])
  health.look()
  equal(health.readiness.ready, true)
})

test('a reply that is missing may be held back for all, and one worker’s clock is its own affair', () => {
  const { health, inbox } = aHealth()
  inbox.notices = ['A transaction is open.']
  deepEqual(health.causes('orders'), ['A transaction is open.', 'Its clock differs.'])
  deepEqual(health.causes('stock'), ['A transaction is open.'])
})
