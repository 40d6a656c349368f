import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { Held, Incoming } from '../../../src/bridge/broker.ts'
import { Group } from '../../../src/bridge/memory/group.ts'
import type { Member } from '../../../src/bridge/memory/group.ts'
import { Log } from '../../../src/bridge/memory/log.ts'
import { Turns } from '../../../src/bridge/memory/turns.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function aGroup(partitions: number) {
  const turns = new Turns()
  const logs = Array.from({ length: partitions }, (_, i) => new Log('t', i, { records: 1e6, bytes: 1e9 }))
  const publish = (): void => {
    for (const log of logs) {
      log.append({ key: null, value: null, headers: [] }, 1, 0)
      for (const follower of log.followers) turns.wake(follower)
    }
  }
  return { group: new Group(logs, turns), publish, logs }
}
function aMember(
  from: 'end' | 'earliest' = 'earliest',
  handle = ({ offset }: Incoming, held: Held) => held.done(offset + 1n),
) {
  const taken: string[] = []
  const holds = new Set<Held>()
  const member: Member = {
    from,
    handler: (record, held) => {
      holds.add(held)
      taken.push(`${record.partition}/${record.offset}`)
      handle(record, held)
    },
  }
  return { member, taken, holds }
}

test('through any joining and leaving each record reaches one member, in turn, and the shares are even', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 20 }),
      async (partitions, steps) => {
        const { group, publish } = aGroup(partitions)
        const members = Array.from({ length: 4 }, () => aMember())
        const inside = new Set<number>()
        let rounds = 0
        for (const step of steps) {
          if (inside.delete(step)) group.leave(members[step]!.member)
          else group.join(members[inside.add(step) && step]!.member)
          publish()
          rounds++
          await turn()
          equal(group.size, inside.size)
          if (inside.size === 0) continue
          const shares = [...inside].map(i => [...members[i]!.holds].filter(held => !held.signal.aborted).length)
          equal(
            shares.reduce((sum, share) => sum + share, 0),
            partitions,
          )
          ok(Math.max(...shares) - Math.min(...shares) <= 1)
        }
        if (inside.size === 0) group.join(members[0]!.member)
        await turn()
        const all = members.flatMap(({ taken }) => taken)
        equal(all.length, rounds * partitions)
        equal(new Set(all).size, all.length)
      },
    ),
    { numRuns: 40 },
  )
})

test('who comes next begins at what is done, not at what was handed over', async () => {
  const { group, publish } = aGroup(1)
  const first = aMember('earliest', ({ offset }, held) => {
    if (offset === 0n) held.done(1n)
  })
  const second = aMember()
  for (let i = 0; i < 3; i++) publish()
  group.join(first.member)
  await turn()
  group.leave(first.member)
  group.join(second.member)
  await turn()
  deepEqual(second.taken, ['0/1', '0/2'])
  deepEqual(group.positions, [3])
})

test('a holder that was relieved moves the position no more, and none can move it back or past the end', async () => {
  const { group, publish } = aGroup(1)
  const first = aMember('earliest', () => {})
  publish()
  publish()
  group.join(first.member)
  await turn()
  const [held] = first.holds
  held!.done(99n)
  deepEqual(group.positions, [2])
  held!.done(1n)
  deepEqual(group.positions, [2])
  publish()
  group.leave(first.member)
  held!.done(3n)
  deepEqual(group.positions, [2])
})

test('what comes between two members that begin at the end is not lost', async () => {
  const { group, publish } = aGroup(1)
  publish()
  const first = aMember('end')
  group.join(first.member)
  group.leave(first.member)
  publish()
  const second = aMember('end')
  group.join(second.member)
  await turn()
  deepEqual(second.taken, ['0/1'])
})
