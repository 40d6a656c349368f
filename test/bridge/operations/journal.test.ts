import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Incoming } from '../../../src/bridge/broker.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { Journal } from '../../../src/bridge/operations/journal.ts'
import { anAccepted, logBroker, topics } from '../../help/operations.ts'

test('once it is open all that was in the log has been read, and it says how far it is', async t => {
  const broker = await logBroker(t)
  await using before = new Journal({ broker, publish: r => broker.publish(r), topic: topics.log, apply: () => {} })
  await before.open(3)
  const ids = Array.from({ length: 20 }, newId)
  for (const id of ids) await before.append(before.partitionOf(id), id, anAccepted())

  const read: Incoming[] = []
  await using journal = new Journal({
    broker,
    publish: r => broker.publish(r),
    topic: topics.log,
    apply: record => void read.push(record),
  })
  deepEqual(journal.rebuild, { done: false, read: 0, total: 0 })
  await journal.open(3)
  const found = read.map(({ key }) => String(Buffer.from(key!))).filter(key => key.startsWith('o'))
  deepEqual(found.toSorted(), ids.toSorted())
  deepEqual(journal.rebuild, { done: true, read: 26, total: 26 })
  equal(journal.healthy, true)
})

test('an event is applied once its record has come back', async t => {
  const broker = await logBroker(t)
  let applied = 0
  const parts = { broker, publish: broker.publish.bind(broker), topic: topics.log, apply: () => void applied++ }
  await using journal = new Journal(parts)
  await journal.open(3)
  const before = applied
  const offset = await journal.append(0, newId(), anAccepted())
  await journal.applied(0, offset)
  equal(applied, before + 1)
  await journal.applied(0, offset)
})

test('who waits for a record that does not come is let go when the log is closed', async t => {
  const broker = await logBroker(t)
  const journal = new Journal({ broker, publish: r => broker.publish(r), topic: topics.log, apply: () => {} })
  await journal.open(3)
  const waiting = rejects(journal.applied(1, 99), { code: 'draining' })
  await journal[Symbol.asyncDispose]()
  await waiting
  await rejects(journal.applied(1, 99), { code: 'draining' })
})
