import { test } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Spool as Options } from '../../../config/schema/spool.ts'
import { Aborter } from '../../../src/aborter.ts'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { DiskError } from '../../../src/bridge/spool/disk.ts'
import type { Disk } from '../../../src/bridge/spool/disk.ts'
import { Spool } from '../../../src/bridge/spool/spool.ts'
import type { Kept, Labels, Row } from '../../../src/bridge/spool/table.ts'
import { Problem } from '../../../src/problem.ts'
import type { ProblemCode } from '../../../src/problem.ts'
import { frozenClock } from '../../help/clock.ts'

/** A disk that is ready when the test says so. */
class HandDisk implements Disk {
  readonly rows: Row[] = []
  readonly appended: Readonly<{ rows: readonly Kept[]; done: () => void; fail: (error: DiskError) => void }>[] = []
  #last = 0

  append(rows: readonly Kept[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.appended.push({
        rows,
        done: () => {
          for (const row of rows) this.rows.push({ ...row, seq: ++this.#last, reason: null })
          resolve()
        },
        fail: reject,
      }),
    )
  }
  async waiting(most: number): Promise<readonly Row[]> {
    return this.rows.slice(0, most)
  }
  async waitingWith(header: string, after: number, most: number): Promise<readonly Labels[]> {
    return this.rows.filter(({ seq, headers }) => seq > after && headers.includes(header)).slice(0, most)
  }
  async remove(seqs: readonly number[]): Promise<void> {
    for (const seq of seqs)
      this.rows.splice(
        this.rows.findIndex(row => row.seq === seq),
        1,
      )
  }
  async reject(): Promise<void> {}
  async totals() {
    return { topics: [], oldest: null, rejected: 0, bytes: 0 }
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

const record = (part: Partial<Outgoing> = {}): Outgoing => ({
  topic: 'signals',
  partition: 0,
  key: null,
  value: Buffer.from('v'),
  headers: [],
  acks: 'all',
  signal: new Aborter(),
  ...part,
})
const options = Options.parse({ file: 'spool' })
const opened = async (part: Partial<typeof options> = {}) => {
  const disk = new HandDisk()
  return { disk, spool: await Spool.open({ ...options, ...part }, disk) }
}
const failing = (code: ProblemCode) => async (): Promise<never> => {
  throw new Problem(code, 'x')
}
const there = async () => ({ partition: 0, offset: 7n })

test('what the brokers take never sees the disk', async () => {
  const { disk, spool } = await opened()
  deepEqual(await spool.policy(there)(record()), { partition: 0, offset: 7n })
  equal(disk.appended.length, 0)
})

for (const code of ['broker-unavailable', 'buffer-full', 'circuit-open', 'not-ready', 'publish-timeout'] as const)
  test(`an event refused with ${code} is accepted once it is on disk`, async () => {
    const { disk, spool } = await opened()
    let answered = false
    const kept = spool
      .policy(failing(code))(record())
      .finally(() => (answered = true))
    await new Promise(setImmediate)
    equal(answered, false, 'it is not on disk yet')
    disk.appended[0]?.done()
    equal((await kept).spooled, code === 'publish-timeout' ? 'in-doubt' : 'not-sent')
  })

for (const code of ['too-large', 'topic-forbidden', 'topic-missing'] as const)
  test(`an event refused with ${code} is not kept: waiting would not help`, async () => {
    const { disk, spool } = await opened()
    await rejects(spool.policy(failing(code))(record()), { code })
    equal(disk.appended.length, 0)
  })

test('requests that come while the disk is busy share its next commit', async () => {
  const { disk, spool } = await opened()
  const policy = spool.policy(failing('broker-unavailable'))
  const kept = [policy(record())]
  await new Promise(setImmediate)
  for (let n = 0; n < 9; n++) kept.push(policy(record()))
  await new Promise(setImmediate)
  deepEqual(
    disk.appended.map(({ rows }) => rows.length),
    [1],
  )
  disk.appended[0]?.done()
  await new Promise(setImmediate)
  deepEqual(
    disk.appended.map(({ rows }) => rows.length),
    [1, 9],
  )
  disk.appended[1]?.done()
  equal((await Promise.all(kept)).length, 10)
})

test('an event goes behind those of its topic that wait, and past those of others', async () => {
  const { disk, spool } = await opened()
  const away = spool.policy(failing('broker-unavailable'))(record())
  await new Promise(setImmediate)
  const behind = spool.policy(there)(record())
  deepEqual(await spool.policy(there)(record({ topic: 'lamps' })), { partition: 0, offset: 7n })
  disk.appended[0]?.done()
  await new Promise(setImmediate)
  disk.appended[1]?.done()
  deepEqual([(await away).spooled, (await behind).spooled], ['not-sent', 'not-sent'])
})

test('behind the last few that are being forwarded it waits a moment, and then goes straight', async t => {
  frozenClock(t)
  const { disk, spool } = await opened()
  const away = spool.policy(failing('broker-unavailable'))
  const kept = [away(record()), away(record())]
  await new Promise(setImmediate)
  disk.appended[0]?.done()
  await new Promise(setImmediate)
  disk.appended[1]?.done()
  await Promise.all(kept)
  const [first, second] = await spool.next(10, [])
  await spool.forwarded([first as Row])
  const straight = spool.policy(there)(record())
  await new Promise(setImmediate)
  await spool.forwarded([second as Row])
  deepEqual(await straight, { partition: 0, offset: 7n })
})

test('brokers that are slow are left after a while, and an event whose client has left is not kept', async t => {
  const clock = frozenClock(t)
  const { disk, spool } = await opened()
  const hanging = (record: Outgoing): Promise<never> =>
    new Promise((_, reject) => record.signal.addEventListener('abort', () => reject(record.signal.reason)))
  const kept = spool.policy(hanging)(record())
  await clock.advance(options.afterMs)
  disk.appended[0]?.done()
  equal((await kept).spooled, 'not-sent')
  const signal = new Aborter()
  const { disk: other, spool: fresh } = await opened()
  const left = rejects(fresh.policy(hanging)(record({ signal })), { code: 'client-gone' })
  signal.abort(new Problem('client-gone', 'x'))
  await left
  equal(other.appended.length, 0)
})

test('an event that the brokers may have stays in doubt when the disk does not take it, or has no room', async () => {
  const { disk, spool } = await opened({ bytes: 200 })
  const policy = spool.policy(failing('publish-timeout'))
  const refused = rejects(policy(record()), { code: 'publish-timeout', outcome: 'in-doubt' })
  await new Promise(setImmediate)
  disk.appended[0]?.fail(new DiskError('disk full', true))
  await refused
  await rejects(policy(record({ value: Buffer.alloc(300) })), { code: 'publish-timeout', outcome: 'in-doubt' })
})

test('a disk that did nothing leaves an event not sent, one that may have leaves it in doubt; both give back its room', async () => {
  for (const [unchanged, outcome] of [
    [true, 'not-sent'],
    [false, 'in-doubt'],
  ] as const) {
    const { disk, spool } = await opened()
    const refused = rejects(spool.policy(failing('broker-unavailable'))(record()), {
      code: 'spool-unavailable',
      outcome,
    })
    await new Promise(setImmediate)
    disk.appended[0]?.fail(new DiskError('disk full', unchanged))
    await refused
    deepEqual([spool.state.records, spool.state.bytes], [0, 0])
  }
})

test('it refuses what is over its bytes, and all while its oldest is too old', async t => {
  const clock = frozenClock(t)
  const { disk, spool } = await opened({ bytes: 200, maxAgeMs: 60_000 })
  const policy = spool.policy(failing('broker-unavailable'))
  const kept = policy(record())
  await clock.advance(0)
  disk.appended[0]?.done()
  await kept
  await rejects(policy(record({ value: Buffer.alloc(100) })), { code: 'spool-full', outcome: 'not-sent' })
  await clock.advance(60_001)
  await rejects(policy(record()), { code: 'spool-full' })
  await spool.forwarded(await spool.next(10, []))
  const again = policy(record())
  await clock.advance(0)
  disk.appended[1]?.done()
  equal((await again).spooled, 'not-sent')
})
