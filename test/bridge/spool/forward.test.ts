import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Spool as Options } from '../../../config/schema/spool.ts'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { diskOf } from '../../../src/bridge/spool/disk.ts'
import { Forwarder } from '../../../src/bridge/spool/forward.ts'
import { Spool } from '../../../src/bridge/spool/spool.ts'
import { Problem } from '../../../src/problem.ts'
import { folder } from '../../help/folder.ts'
import type { Scope } from '../../help/scope.ts'
import { until } from '../../help/until.ts'

/** A spool that holds values of these topics and keys, and what is made of each as it is forwarded. */
async function forwarding(
  t: Scope,
  waiting: readonly (readonly [topic: string, key: string, value: string])[],
  publish: (record: Outgoing, value: string) => Promise<void>,
) {
  const disk = diskOf(`${folder(t)}/spool`)
  const rows = waiting.map(([topic, key, value]) => ({
    topic,
    key: Buffer.from(key),
    value: Buffer.from(value),
    ...({
      headers: '[]',
      acks: 'all',
      at: 1,
    } as const),
  }))
  await disk.append(rows)
  const spool = await Spool.open(Options.parse({ file: 'spool' }), disk)
  const paced: number[] = []
  const forwarder = new Forwarder(spool, {
    broker: { state: 'ready', partitionFor: () => 3 },
    publish: async record => {
      await publish(record, Buffer.from(record.value ?? []).toString())
      return { partition: record.partition, offset: 0n }
    },
    pace: async records => void paced.push(records),
  })
  t.after(async () => {
    await forwarder[Symbol.asyncDispose]()
    await spool[Symbol.asyncDispose]()
  })
  return { spool, forwarder, paced }
}

test('one of a key waits for the one before it, those of other keys do not', async t => {
  const begun: string[] = []
  const held = Promise.withResolvers<void>()
  const { spool, paced } = await forwarding(
    t,
    [
      ['signals', 'a', 'a1'],
      ['signals', 'a', 'a2'],
      ['signals', 'b', 'b1'],
    ],
    async (_, value) => {
      begun.push(value)
      if (value === 'a1') await held.promise
    },
  )
  await until('two have begun', () => begun.length === 2)
  deepEqual(begun, ['a1', 'b1'])
  held.resolve()
  await until('all are gone', () => spool.state.records === 0)
  deepEqual(begun, ['a1', 'b1', 'a2'])
  deepEqual(paced, [3])
})

test('a failure holds back what comes after it with the same key, and is tried again', async t => {
  const done: string[] = []
  let failures = 1
  const { spool } = await forwarding(
    t,
    [
      ['signals', 'a', 'a1'],
      ['signals', 'a', 'a2'],
    ],
    async (_, value) => {
      if (failures-- > 0) throw new Problem('broker-unavailable', 'x')
      done.push(value)
    },
  )
  await until('all are gone', () => spool.state.records === 0)
  deepEqual(done, ['a1', 'a2'])
})

test('what is too large is put aside, and lets the next one pass', async t => {
  const done: string[] = []
  const { spool } = await forwarding(
    t,
    [
      ['signals', 'a', 'large'],
      ['signals', 'a', 'small'],
    ],
    async (_, value) => {
      if (value === 'large') throw new Problem('too-large', 'x')
      done.push(value)
    },
  )
  await until('the other is gone', () => spool.state.records === 0)
  deepEqual(done, ['small'])
  equal(spool.state.rejected, 1)
})

test('a topic that may not be written to keeps no other topic waiting', async t => {
  const done: string[] = []
  const { spool } = await forwarding(
    t,
    [
      ['forbidden', 'a', 'f'],
      ['signals', 'a', 's'],
    ],
    async ({ topic }, value) => {
      if (topic === 'forbidden') throw new Problem('topic-forbidden', 'x')
      done.push(value)
    },
  )
  await until('the other is gone', () => spool.state.records === 1)
  deepEqual([done, spool.topics], [['s'], ['forbidden']])
})
