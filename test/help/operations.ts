import { Operations, Returns } from '../../src/bridge/operations/index.ts'
import type { Accepted } from '../../src/bridge/operations/event.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import type { Incoming } from '../../src/bridge/broker.ts'
import { replyReader } from '../../src/bridge/wire/index.ts'
import type { Scope } from './scope.ts'

export const topics = { log: 'sluice.operations', replies: 'sluice.operations.replies' } as const

/** A broker with the two topics of operations; gone with the test. */
export async function logBroker(t: Scope, partitions = 3): Promise<MemoryBroker> {
  const broker = new MemoryBroker({ partitions })
  t.after(() => broker[Symbol.asyncDispose]())
  await broker.admin.create(Object.values(topics).map(name => ({ name, partitions: -1, replication: -1, config: {} })))
  return broker
}

type Options = Readonly<{ entries?: number; bytes?: number; takeOverMs?: number }>

/** The operations of one more instance, read to the end of the log; gone with the test. */
export async function anInstance(
  t: Scope,
  broker: MemoryBroker,
  { entries = 1_000, bytes = 1_048_576, takeOverMs = 20 }: Options = {},
): Promise<{ operations: Operations; returns: Returns }> {
  const publish: MemoryBroker['publish'] = record => broker.publish(record)
  const operations = new Operations({ broker, publish }, { topic: topics.log, entries, bytes, takeOverMs })
  t.after(() => operations[Symbol.asyncDispose]())
  const reader = replyReader({ dialect: 'sluice', maxReplyBytes: 10_000 })
  const read = (_route: string, record: Incoming, worker: string) => reader(record, worker)
  const returns = new Returns(broker, operations, {
    topic: topics.replies,
    dialects: [],
    refused: () => {},
    late: () => null,
    read,
  })
  t.after(() => returns[Symbol.asyncDispose]())
  await operations.open(3)
  await returns.open(3)
  return { operations, returns }
}

export const anAccepted = (over: Partial<Accepted> = {}): Accepted => ({
  kind: 'accepted',
  client: '::1',
  route: 'place-order',
  worker: 'orders',
  command: 'command-1',
  secret: 's'.repeat(22),
  by: 'somebody',
  at: Date.now(),
  expires: Date.now() + 60_000,
  keepMs: 60_000,
  target: { topic: 'orders.commands', partition: 0, key: null },
  holds: null,
  ...over,
})
