import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { ok } from 'node:assert/strict'
import type { Priority } from '../../src/call.ts'
import { storm } from './storm.ts'

const quantile = (all: readonly number[], share: number): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length * share)] ?? NaN

test('in a storm the worker stays busy, the topic holds no second of work, and who is refused is refused at once', async t => {
  const worker = { members: 2, places: 6, serviceMs: 40, overheadMs: 5 } // 300 a second
  const course = [
    { perSecond: 120, forMs: 3_000 },
    { perSecond: 900, forMs: 5_000 },
    { perSecond: 3_000, forMs: 4_000 },
  ]
  const [calm, three, ten] = await storm(t, worker, course)
  ok(calm!.refused.length === 0 && calm!.limits.at(-1) === 64, 'what is not used is not open')
  ok(three!.served.length >= 0.95 * 300 * 5, `${three!.served.length} served at three times`)
  ok(ten!.served.length >= 0.95 * 300 * 4, `${ten!.served.length} served at ten times`)
  // until it is known how fast slots come free, for a tenth of a second, some wait in vain
  ok(quantile(three!.refused, 0.95) < 10, `refused after ${quantile(three!.refused, 0.95)} ms`)
  ok(quantile(ten!.refused, 0.99) < 10, `refused after ${quantile(ten!.refused, 0.99)} ms`)
  ok(Math.max(...three!.limits) <= 128, `${Math.max(...three!.limits)}: twice what was open`)
  ok(Math.max(...ten!.limits) <= 60, `${Math.max(...ten!.limits)}: four times what they do at once`)
  const bound = 2 * quantile(calm!.served, 0.99) + 100
  ok(quantile(ten!.served, 0.99) <= bound, `${quantile(ten!.served, 0.99)} ms, allowed ${bound}`)
})

test('what was answered before a storm says nothing of what it may have: no more is opened for it', async t => {
  const worker = { members: 2, places: 6, serviceMs: 40, overheadMs: 5 }
  const [, first] = await storm(t, worker, [
    { perSecond: 120, forMs: 3_000 },
    { perSecond: 900, forMs: 1_000 },
  ])
  // 88 were open, a fifth of a second's work more, when the replies to calls from before the storm counted
  ok(Math.max(...first!.limits) <= 64, `${Math.max(...first!.limits)} slots`)
  ok(quantile(first!.served, 0.99) <= 400, `${quantile(first!.served, 0.99)} ms`)
})

test('half of the worker dies in a storm: the slots are those of the other half', async t => {
  const worker = { members: 2, places: 6, serviceMs: 40, overheadMs: 5 }
  const course = [
    { perSecond: 120, forMs: 1_500 },
    { perSecond: 900, forMs: 2_000 },
    { perSecond: 900, forMs: 5_000, dead: 1 },
  ]
  const [, , half] = await storm(t, worker, course)
  // 150 a second are possible; 37 were served when the dead half kept all slots in these five seconds
  ok(half!.served.length >= 0.9 * 150 * 5, `${half!.served.length} served`)
  ok(quantile(half!.served, 0.99) <= 240, `${quantile(half!.served, 0.99)} ms`)
})

test('a storm of which a third is for one partition', async t => {
  const worker = { members: 2, places: 6, serviceMs: 40, overheadMs: 5 }
  const course = [
    { perSecond: 120, forMs: 1_500 },
    { perSecond: 900, forMs: 2_000 },
    { perSecond: 900, forMs: 5_000, hotPercent: 30 },
  ]
  const [, , hot] = await storm(t, worker, course)
  ok(hot!.served.length >= 0.85 * 300 * 5, `${hot!.served.length} served`)
  ok(quantile(hot!.served, 0.99) <= 260, `${quantile(hot!.served, 0.99)} ms`)
})

const usual = (random: () => number): string => `${Math.floor(random() * 100)}`

test('in a storm of all classes the critical calls are served', async t => {
  const worker = { members: 2, places: 5, serviceMs: 20, overheadMs: 8 } // 500 a second
  const of = (random: () => number) => {
    const drawn = random()
    const priority: Priority = drawn < 0.1 ? 'critical' : drawn < 0.4 ? 'normal' : 'sheddable'
    return { client: usual(random), priority }
  }
  const asked = { critical: 0, normal: 0, sheddable: 0 }
  const served = { ...asked }
  const play = async (t: TestContext, seed: number): Promise<void> => {
    const calm = { perSecond: 200, forMs: 1_500, of }
    const [, twice] = await storm(t, worker, [calm, { perSecond: 1_000, forMs: 10_000, of }], {}, seed)
    for (const priority of ['critical', 'normal', 'sheddable'] as const) {
      asked[priority] += twice!.by[priority]!.asked
      served[priority] += twice!.by[priority]!.served
    }
  }
  // one course has some thousand critical calls, of which a probe or a full partition may cost five at a time
  for (const seed of [1, 2, 3]) await t.test(`course ${seed}`, t => play(t, seed))
  const share = (priority: 'critical' | 'normal' | 'sheddable'): number => served[priority] / asked[priority]
  ok(share('critical') >= 0.99, `${share('critical')} of the critical ones`)
  ok(share('normal') >= 0.9 && share('sheddable') < 0.3, `${share('normal')} of the normal, ${share('sheddable')}`)
})

test('a storm that is one client’s costs the others little', async t => {
  const worker = { members: 2, places: 5, serviceMs: 20, overheadMs: 8 }
  const priority = 'normal' as const
  const [, loud] = await storm(t, worker, [
    { perSecond: 250, forMs: 1_500 },
    {
      perSecond: 2_250,
      forMs: 6_000,
      of: random => ({ client: random() < 8 / 9 ? 'noisy' : usual(random), priority }),
    },
  ])
  const { noisy, normal } = loud!.by
  const served = (normal!.served - noisy!.served) / (normal!.asked - noisy!.asked)
  ok(served >= 0.96, `${served} of the others`)
})
