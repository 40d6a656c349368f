import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { Aborter } from '../../../src/aborter.ts'
import type { Held } from '../../../src/bridge/broker.ts'
import { recovering } from '../../../src/bridge/calls/index.ts'
import { bury } from '../../../src/bridge/dead.ts'
import { MemoryBroker } from '../../../src/bridge/memory.ts'
import { aRecord, pairs } from '../../help/record.ts'
import { publish } from '../../help/station.ts'
import { until } from '../../help/until.ts'

const options = { dialect: 'sluice', dead: 'commands.dead', span: 100n } as const

async function aBroker(replies = true): Promise<MemoryBroker> {
  const broker = new MemoryBroker()
  const names = ['commands', 'commands.dead', ...(replies ? ['replies'] : [])]
  await broker.admin.create(names.map(name => ({ name, partitions: 1, replication: 1, config: {} })))
  return broker
}
const command = (broker: MemoryBroker, id: string) =>
  publish(broker, {
    headers: pairs({ 'sluice-correlation-id': id, 'sluice-reply-to': 'replies' }),
    value: Buffer.from(id),
  })

/** What a new member of the group is handed, and what it has committed. */
async function takeOver(broker: MemoryBroker, most: number) {
  const taken: string[] = []
  const done: bigint[] = []
  const watched = new Map<Held, Held>()
  const spy: Pick<MemoryBroker, 'join'> = {
    join: (membership, handler) =>
      broker.join(membership, (record, held) => {
        const one = watched.get(held) ?? { ...held, done: (next: bigint) => (done.push(next), held.done(next)) }
        watched.set(held, one)
        return handler(record, one)
      }),
  }
  const known = recovering(
    Object.assign(Object.create(broker) as MemoryBroker, spy, { past: broker.past, admin: broker.admin }),
    options,
  )
  await using _ = await known.join({ group: 'g', topic: 'commands', from: 'earliest' }, record => {
    taken.push(Buffer.from(record.value ?? []).toString())
  })
  await until('they are taken', () => taken.length >= most)
  return { taken, done }
}

test('what was answered or given up before is passed over, and committed where nothing is left before it', async () => {
  await using broker = await aBroker()
  for (const id of ['a', 'b', 'c', 'd', 'e']) await command(broker, id)
  for (const id of ['a', 'd'])
    await publish(broker, { topic: 'replies', headers: pairs({ 'sluice-correlation-id': id }) })
  const graveyard = { topic: 'commands.dead', partitionFor: () => 0, publish: broker.publish.bind(broker) }
  const death = { by: 'calls.shop', reason: 'exhausted', detail: 'x', attempts: 1 } as const
  await bury(graveyard, aRecord({ topic: 'commands', offset: 1n }), death, new Aborter())
  const { taken, done } = await takeOver(broker, 2)
  deepEqual(
    [taken, done],
    [
      ['c', 'e'],
      [1n, 2n],
    ],
  )
})

test('a record that came after it was taken over is not looked for', async () => {
  await using broker = await aBroker()
  await command(broker, 'a')
  const taken: string[] = []
  const known = recovering(broker, options)
  await using _ = await known.join({ group: 'g', topic: 'commands', from: 'earliest' }, record => {
    taken.push(Buffer.from(record.value ?? []).toString())
  })
  await until('the first is taken', () => taken.length === 1)
  await publish(broker, { topic: 'replies', headers: pairs({ 'sluice-correlation-id': 'b' }) })
  await command(broker, 'b')
  await until('the second too', () => taken.length === 2)
  deepEqual(taken, ['a', 'b'])
})

test('where there is no topic of replies yet nothing was answered', async () => {
  await using broker = await aBroker(false)
  await command(broker, 'a')
  deepEqual((await takeOver(broker, 1)).taken, ['a'])
})
