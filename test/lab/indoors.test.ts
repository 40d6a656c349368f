import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { usual } from '../../src/lab/behaviour.ts'
import { Indoors } from '../../src/lab/indoors.ts'
import { frozenClock } from '../help/clock.ts'
import { pairs } from '../help/record.ts'
import { publish } from '../help/station.ts'

async function aHouse(t: TestContext) {
  const { advance } = frozenClock(t)
  const broker = new MemoryBroker()
  await broker.admin.create([{ name: 'replies', partitions: 1, replication: 1, config: {} }])
  const behaviour = { ...usual, places: 5, serviceMs: 20 }
  const indoors = await Indoors.open(broker, {
    topic: 'commands',
    group: 'g',
    members: 1,
    partitions: 1,
    behaviour,
    sessionMs: 1_000,
  })
  t.after(async () => {
    const ended = broker[Symbol.asyncDispose]()
    await advance(5_000)
    await ended
  })
  const send = (id: string): Promise<unknown> =>
    publish(broker, {
      value: Buffer.from(`{"id":"${id}"}`),
      headers: pairs({
        ce_id: `c-${id}`,
        'sluice-correlation-id': id,
        'sluice-reply-to': 'replies',
        'sluice-reply-partition': '0',
      }),
    })
  return { indoors, send, advance, members: async () => (await broker.admin.group('g', 'commands')).members }
}

test('commands are worked off, and counted by the id of their request', async t => {
  const { indoors, send, advance } = await aHouse(t)
  await send('1-1')
  await send('1-1')
  await advance(30)
  equal(indoors.deeds.executed, 1, 'the second is the same command')
  deepEqual(indoors.commands, { '1-1': 1 })
})

test('a worker that stands still stays in its group, and goes on where it stood', async t => {
  const { indoors, send, advance, members } = await aHouse(t)
  await indoors.act({ do: 'freeze', who: 'all' })
  await send('1-1')
  await advance(500)
  deepEqual([indoors.deeds.executed, await members()], [0, 1])
  await indoors.act({ do: 'thaw', who: 'all' })
  await advance(30)
  equal(indoors.deeds.executed, 1)
})

test('of a worker that is killed the group learns when its session ends', async t => {
  const { indoors, advance, members } = await aHouse(t)
  await indoors.act({ do: 'kill', who: 0 })
  await advance(500)
  equal(await members(), 1)
  await advance(600)
  await advance(11_000)
  equal(await members(), 0)
  await indoors.act({ do: 'join', who: 0 })
  equal(await members(), 1)
})

test('what cannot befall there is refused', async t => {
  const { indoors } = await aHouse(t)
  await rejects(indoors.act({ do: 'cut-replies' }), /nothing that befalls/)
})
