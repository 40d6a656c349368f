import { test } from 'node:test'
import { equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import type { QuotaPolicy } from '../../../src/call.ts'
import { Buckets } from '../../../src/resilience/quota/buckets.ts'
import { frozenClock } from '../../help/clock.ts'
import { heapOf } from '../../help/heap.ts'

const minute: QuotaPolicy = { name: 'default', unit: 'requests', limit: 10, windowMs: 60_000 }
const take = (buckets: Buckets, client: string, bytes = 0): number =>
  buckets.take(buckets.of(client), bytes)?.waitMs ?? 0

test('forgets a client when its bucket is full again, and not sooner', async t => {
  const clock = frozenClock(t)
  const buckets = new Buckets([minute])
  for (let i = 0; i < 10; i++) take(buckets, 'busy')
  for (let i = 0; i < 1_000; i++) take(buckets, `client ${i}`)
  equal(buckets.size, 1_001)
  await clock.advance(59_999)
  for (let i = 0; i < 10; i++) take(buckets, 'late') // in the youngest generation just before it turns
  await clock.advance(1)
  take(buckets, 'another')
  ok(take(buckets, 'late') > 0)
  await clock.advance(60_000)
  take(buckets, 'another')
  ok(buckets.size < 10)
})

test('a client is not forgotten, and forgiven, while its bucket is not full', async t => {
  const clock = frozenClock(t)
  const buckets = new Buckets([minute])
  for (let i = 0; i < 10; i++) take(buckets, 'busy')
  for (const ms of [30_000, 29_999]) {
    await clock.advance(ms)
    take(buckets, 'another')
  }
  let count = 0
  while (take(buckets, 'busy') === 0) count++
  equal(count, 9)
})

test('of several windows the longest decides what is remembered', async t => {
  const clock = frozenClock(t)
  const buckets = new Buckets([{ ...minute, name: 'short', windowMs: 100 }, minute])
  for (let i = 0; i < 10; i++) equal(take(buckets, 'busy'), 0)
  await clock.advance(59_000)
  take(buckets, 'another')
  let count = 0
  while (take(buckets, 'busy') === 0) count++
  equal(count, 9)
})

/** Tokens × windowMs, in whole numbers: no rounding. */
class Model {
  readonly #policies: readonly QuotaPolicy[]
  readonly #left = new Map<string, bigint[]>()
  constructor(policies: readonly QuotaPolicy[]) {
    this.#policies = policies
  }
  #of(client: string): bigint[] {
    const full = this.#policies.map(({ limit, windowMs }) => BigInt(limit) * BigInt(windowMs))
    const left = this.#left.get(client) ?? full
    this.#left.set(client, left)
    return left
  }
  pass(ms: number): void {
    for (const [client, left] of this.#left)
      this.#left.set(
        client,
        left.map((tokens, i) => {
          const { limit, windowMs } = this.#policies[i]!
          const filled = tokens + BigInt(ms) * BigInt(limit)
          const full = BigInt(limit) * BigInt(windowMs)
          return filled > full ? full : filled
        }),
      )
  }
  /** 0, or the milliseconds until the call fits into all windows. */
  take(client: string, bytes: number): bigint {
    const left = this.#of(client)
    const prices = this.#policies.map(
      ({ unit, limit, windowMs }) => BigInt(unit === 'requests' ? 1 : Math.min(bytes, limit)) * BigInt(windowMs),
    )
    const waits = prices.map((price, i) => {
      const limit = BigInt(this.#policies[i]!.limit)
      return price <= left[i]! ? 0n : (price - left[i]! + limit - 1n) / limit
    })
    const longest = waits.reduce((a, b) => (a > b ? a : b), 0n)
    if (longest === 0n)
      this.#left.set(
        client,
        left.map((tokens, i) => tokens - prices[i]!),
      )
    return longest
  }
  remaining(client: string): bigint[] {
    return this.#of(client).map((tokens, i) => tokens / BigInt(this.#policies[i]!.windowMs))
  }
}

type Real = Readonly<{ buckets: Buckets; clock: ReturnType<typeof frozenClock> }>
class Take implements fc.AsyncCommand<Model, Real> {
  readonly #client: string
  readonly #bytes: number
  constructor(client: string, bytes: number) {
    this.#client = client
    this.#bytes = bytes
  }
  check = (): boolean => true
  async run(model: Model, { buckets }: Real): Promise<void> {
    equal(BigInt(take(buckets, this.#client, this.#bytes)), model.take(this.#client, this.#bytes))
    const left = buckets.states(buckets.of(this.#client)).map(({ remaining }) => BigInt(remaining))
    equal(left.join(), model.remaining(this.#client).join())
  }
  toString = (): string => `${this.#client} takes ${this.#bytes} bytes`
}
class Pass implements fc.AsyncCommand<Model, Real> {
  readonly #ms: number
  constructor(ms: number) {
    this.#ms = ms
  }
  check = (): boolean => true
  async run(model: Model, { clock }: Real): Promise<void> {
    model.pass(this.#ms)
    await clock.advance(this.#ms)
  }
  toString = (): string => `${this.#ms} ms pass`
}

test('any course of calls is served as the simplest buckets would, over several windows, requests and bytes', async t => {
  const clock = frozenClock(t)
  const policy = fc.record({
    name: fc.constant('any'),
    unit: fc.constantFrom('requests' as const, 'content-bytes' as const),
    limit: fc.integer({ min: 1, max: 300 }),
    windowMs: fc.integer({ min: 100, max: 5_000 }),
  })
  const commands = fc.commands(
    [
      fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 200 })).map(args => new Take(...args)),
      fc.integer({ min: 1, max: 900 }).map(ms => new Pass(ms)),
    ],
    { size: '+1' },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(policy, { minLength: 1, maxLength: 4 }), commands, async (policies, commands) => {
      const setup = () => ({
        model: new Model(policies),
        real: { buckets: new Buckets(policies, { clients: 8 }), clock },
      })
      await fc.asyncModelRun(setup, commands)
    }),
    { numRuns: 200 },
  )
})

test('10,000 clients cost less than 20 MB', async t => {
  const second = { ...minute, name: '1s', windowMs: 1_000 }
  const bytes = await heapOf(() => {
    const buckets = new Buckets([second, minute])
    for (let i = 0; i < 10_000; i++) take(buckets, `2001:db8::${i.toString(16)}`)
    equal(buckets.size, 10_000)
    return buckets
  })
  ok(bytes < 20_000_000, `${bytes} bytes`)
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / 10_000)} bytes a client with two windows`)
})
