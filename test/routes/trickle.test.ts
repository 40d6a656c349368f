import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { alarms } from '../../src/clock.ts'
import { frozenClock } from '../help/clock.ts'
import { json, open, wire } from './front.ts'

const get = 'GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n'
const slow = (bytes: number, bytesPerSecond: number) => ({
  ...json({}),
  body: Buffer.alloc(bytes, 'x'),
  bytesPerSecond,
})

/** Lets what is written arrive: the sockets are real, the clock is not. */
async function arrive(): Promise<void> {
  for (let i = 0; i < 20; i++) await setImmediate()
}

test('a body is written at the rate that its reply says, whole and in order', async t => {
  const clock = frozenClock(t)
  const { front } = await open(t, { service: async () => slow(1_000, 500) })
  const client = wire(front)
  client.send(get)
  await arrive()
  await clock.advance(1)
  await arrive()
  const head = client.socket.bytesRead
  for (let ms = 0; ms < 1_000; ms += 100) {
    await clock.advance(100)
    await arrive()
  }
  const half = client.socket.bytesRead - head
  ok(half >= 400 && half <= 600, `${half} bytes in a second`)
  const answer = client.answer()
  for (let ms = 0; ms < 1_200; ms += 100) {
    await clock.advance(100)
    await arrive()
  }
  equal((await answer).body, 'x'.repeat(1_000))
  await arrive()
  equal(alarms(), 0)
})

test('less than a byte in a tenth of a second is possible', async t => {
  const clock = frozenClock(t)
  const { front } = await open(t, { service: async () => slow(3, 1) })
  const client = wire(front)
  client.send(get)
  const answer = client.answer()
  let done = false
  void answer.then(() => (done = true))
  await arrive()
  await clock.advance(1)
  await clock.advance(1_900)
  await arrive()
  equal(done, false)
  await clock.advance(1_200)
  await arrive()
  equal((await answer).body, 'xxx')
})

test('who leaves meanwhile is written nothing more', async t => {
  const clock = frozenClock(t)
  const { front } = await open(t, { service: async () => slow(10_000, 100) })
  const client = wire(front)
  client.send(get)
  await arrive()
  await clock.advance(300)
  equal(alarms(), 1)
  client.socket.resetAndDestroy()
  await client.closed
  while (alarms() > 0) await setImmediate()
})
