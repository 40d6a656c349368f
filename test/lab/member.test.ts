import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { usual } from '../../src/lab/behaviour.ts'
import type { Behaviour } from '../../src/lab/behaviour.ts'
import { Member } from '../../src/lab/member.ts'
import { frozenClock } from '../help/clock.ts'
import { aStation } from '../help/station.ts'

async function aMember(t: TestContext, over: Partial<Behaviour> = {}, partitions = 1) {
  const { advance } = frozenClock(t)
  const station = await aStation(partitions)
  const behaviour = { ...usual, places: 1, serviceMs: 20, ...over }
  const member = await Member.join({ broker: station.broker, topic: 'commands', group: 'g', behaviour })
  const leave = async (): Promise<void> => {
    const left = member[Symbol.asyncDispose]()
    for (let i = 0; i < 4; i++) await advance(1_000)
    await left
  }
  t.after(leave)
  return { ...station, member, advance, leave }
}

test('a command takes its time and is answered with what was sent', async t => {
  const { send, replies, member, advance } = await aMember(t)
  await send({ body: '{"id":"1"}' })
  await advance(19)
  equal(replies.length, 0)
  await advance(1)
  deepEqual([replies[0]?.status, replies[0]?.body], [201, '{"id":"1"}'])
  equal(member.deeds.executed, 1)
})

test('what nobody waits for any more is counted, whether or not the command says when it expires', async t => {
  const { send, member, advance } = await aMember(t)
  for (const [i, wantedUntil] of [50, 10].entries())
    await send({ id: String(i), body: `{"wantedUntil":${Date.now() + wantedUntil}}` })
  await advance(20)
  await advance(20)
  deepEqual([member.deeds.executed, member.deeds.unwanted], [2, 1])
})

test('what expires while it waits is dropped', async t => {
  const { send, replies, member, advance } = await aMember(t)
  await send({ id: 'a' })
  await send({ id: 'b', expires: Date.now() + 10 })
  for (let i = 0; i < 5; i++) await advance(10)
  deepEqual([member.deeds.executed, member.deeds.dropped, member.deeds.late], [1, 1, 0])
  deepEqual(new Set(replies.map(({ status }) => status)), new Set([201, 504]))
})

test('one that looks at no expiry does it all the same', async t => {
  const { send, member, advance } = await aMember(t, { obeysExpiry: false })
  await send({ id: 'a' })
  await send({ id: 'b', expires: Date.now() + 10 })
  for (let i = 0; i < 5; i++) await advance(10)
  deepEqual([member.deeds.executed, member.deeds.dropped, member.deeds.late], [2, 0, 1])
})

test('of a silent partition nothing is done until it is heard again', async t => {
  const { send, replies, member, advance } = await aMember(t, { silent: [1] }, 2)
  await send({ id: 'a', partition: 1 })
  await send({ id: 'b', partition: 0 })
  await advance(20)
  await advance(20)
  deepEqual([replies.length, member.deeds.silenced], [1, 1])
  member.behave({ silent: [] })
  await advance(0)
  await advance(20)
  equal(replies.length, 2)
})

test('errors are as many as asked', async t => {
  const { send, replies, member, advance } = await aMember(t, { errorPercent: 100 })
  await send()
  await advance(20)
  deepEqual([replies[0]?.status, member.deeds.errors], [500, 1])
})

test('it may become slower, and work at more places', async t => {
  const { send, replies, member, advance } = await aMember(t)
  member.behave({ places: 2, serviceMs: 100 })
  for (const id of ['a', 'b', 'c']) await send({ id })
  await advance(99)
  equal(replies.length, 0)
  await advance(1)
  equal(replies.length, 2)
})

test('who leaves as in a deployment finishes what it has, begins nothing more, and is gone at once', async t => {
  const { send, replies, member, advance } = await aMember(t)
  for (const id of ['a', 'b']) await send({ id })
  await advance(1)
  const left = member.leave()
  await send({ id: 'c' })
  await advance(20)
  await advance(20)
  await advance(10)
  await left
  deepEqual([replies.length, member.deeds.executed], [2, 2])
})

test('it leaves its group, whatever waits', async t => {
  const { send, replies, advance, leave } = await aMember(t, { silent: [0] })
  await send()
  await advance(1)
  await leave()
  equal(replies.length, 0)
})
