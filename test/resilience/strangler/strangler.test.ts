import { test } from 'node:test'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { Strangler } from '../../../src/resilience/strangler/index.ts'
import { shareOf } from '../../../src/resilience/strangler/strangler.ts'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { aCall } from '../../help/call.ts'

const reply = (name: string): Reply => ({ status: 200, headers: [], body: Buffer.from(name) })
const sides = (log: string[] = []) => {
  const side = (name: string) => async () => {
    log.push(name)
    return reply(name)
  }
  return { upstream: side('upstream'), topic: side('topic'), copies: { upstream: side('copy'), topic: side('copy') } }
}

test('a client stays on its side, and on that of the topic while the share grows', async () => {
  using strangler = new Strangler('shop', { percent: 0 }, [])
  const serve = strangler.serve(sides())
  const clients = Array.from({ length: 500 }, (_, n) => `10.0.${n >> 8}.${n & 255}`)
  let before = new Set<string>()
  for (const percent of [0, 1, 10, 50, 100]) {
    strangler.change({ percent })
    const there = new Set<string>()
    for (const client of clients)
      for (let i = 0; i < 2; i++)
        if (Buffer.from((await serve(aCall({ client }))).body).toString() === 'topic') there.add(client)
    ok(Math.abs(there.size / 5 - percent) < 6, `${percent}: ${there.size}`)
    ok([...before].every(client => there.has(client)))
    before = there
  }
  equal(before.size, 500)
})

test('the shares of clients are spread evenly', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let n = 0; n < 10_000; n++) tenths[Math.floor(shareOf('shop', `client-${n}`) / 10)]!++
  ok(
    tenths.every(count => count > 850 && count < 1_150),
    tenths.join(),
  )
})

test('a copy goes to the other side once the answer is there, and is compared', async () => {
  const log: string[] = []
  const mirror = { percent: 100, methods: ['GET'], ignore: [], concurrency: 1 } as const
  using strangler = new Strangler('shop', { percent: 0, mirror: { ...mirror, methods: ['GET'], ignore: [] } }, [])
  const serve = strangler.serve(sides(log))
  const get = aCall({ told: { ...aCall().told, method: 'GET' } })
  equal(Buffer.from((await serve(get)).body).toString(), 'upstream')
  await new Promise(resolve => setImmediate(resolve))
  deepEqual(log, ['upstream', 'copy'])
  await serve(aCall({ told: { ...aCall().told, method: 'POST' } }))
  deepEqual(log, ['upstream', 'copy', 'upstream'])
  const { mirror: report } = strangler.snapshot() as { mirror: { different: number; places: object } }
  deepEqual([report.different, { ...report.places }], [1, { body: 1 }])
})

test('an operator is told what he may ask', () => {
  using strangler = new Strangler('shop', { percent: 5 }, [])
  for (const asked of [null, {}, { percent: 101 }, { percent: '5' }, { mirror: 5 }, { plan: 'start' }, { other: 1 }])
    throws(() => strangler.change(asked), Problem)
  deepEqual(strangler.change({ percent: 7 }), { percent: 7, mirror: null, plan: null })
})
