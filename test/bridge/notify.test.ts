import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { notify } from '../../src/bridge/notify.ts'
import type { Outgoing } from '../../src/bridge/broker.ts'
import { Problem } from '../../src/problem.ts'
import { aCall } from '../help/call.ts'

const route = { route: 'signal', template: '/signals', instance: 'a', acks: 'all', expose: false } as const
const body = (reply: { body: Uint8Array }): unknown => JSON.parse(Buffer.from(reply.body).toString())
const done = async (record: Outgoing) => ({ partition: record.partition, offset: 7n })

test('an event is answered 202 with its id once the broker has it', async () => {
  const call = aCall()
  const reply = await notify(done, route)(call)
  equal(reply.status, 202)
  deepEqual(body(reply), { id: call.command })
  equal(call.progress.outcome, 'sent')
})

test('topic, partition and offset are named only where the route exposes them', async () => {
  const reply = await notify(done, { ...route, expose: true })(aCall({ topic: 'signals', partition: 2 }))
  deepEqual(body(reply), { id: 'command-1', topic: 'signals', partition: 2, offset: '7' })
})

test('without acknowledgements the outcome stays in doubt', async () => {
  const call = aCall()
  await notify(done, { ...route, acks: 'none' })(call)
  equal(call.progress.outcome, 'in-doubt')
})

test('a failure is thrown with its outcome', async () => {
  const call = aCall()
  const failing = async (): Promise<never> => {
    throw new Problem('publish-timeout', 'silent')
  }
  await rejects(notify(failing, route)(call), { code: 'publish-timeout', outcome: 'in-doubt' })
  equal(call.progress.outcome, 'in-doubt')
})
