import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../faults/child.ts'
import { figure, note, timed } from '../../src/lab/verdict.ts'
import type { Figure } from '../../src/lab/verdict.ts'
import { fresh } from '../help/kafka.ts'
import { startRedis } from '../help/redis.ts'
import type { Scope } from '../help/scope.ts'
import { until } from '../help/until.ts'
import type { Spent } from './spender.ts'

export type SharedQuotaOptions = Readonly<{
  steadyMs: number
  outageMs: number
  afterMs: number
  costUs: number // a p99 that is never too much: the machine may be busy elsewhere
}>

const quota = 1_000
const perSecond = 1_000 // at each of the two: twice the quota together

/** Two processes at a quota that they share in a Redis: which holds, stands still, and is killed and restarted empty. */
export async function sharedQuota(t: Scope, options: SharedQuotaOptions): Promise<readonly Figure[]> {
  const { steadyMs, outageMs, afterMs, costUs } = options
  const redis = await startRedis(t)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-shared-quota-'))
  const prefix = fresh('trial')
  const both = ['one', 'other'].map(name => {
    const args = [join(import.meta.dirname, 'spender.ts'), redis.url, prefix, `${quota}`, `${perSecond}`]
    const child = new Child(name, args, join(folder, `${name}.log`))
    t.after(async () => void (await child.end(1_000)))
    return child
  })
  const [one, other] = both as [Child, Child]
  for (const child of both) await until(`Redis is reached`, () => child.ask<boolean>('ready'), 10_000)
  const each = (question: string): Promise<Spent[]> => Promise.all(both.map(child => child.ask<Spent>(question)))
  const figures: Figure[] = []

  /** Runs for a while; what was let through in each whole second of it, by both. */
  const phase = async (name: string, ms: number, atLeast: number): Promise<void> => {
    await each('told') // forgets what calls have cost so far
    const begun = Math.ceil(Date.now() / 100)
    await sleep(ms)
    const ended = Math.floor(Date.now() / 100)
    const told = await each('told')
    const seconds: number[] = []
    for (let tenth = begun; tenth + 10 <= ended; tenth += 10) seconds.push(sum(told, tenth, tenth + 10))
    const [least, most] = [Math.min(...seconds), Math.max(...seconds)]
    figures.push(
      timed(name, `${atLeast}–1,050/s`, `${least}–${most}/s in ${seconds.length} s`, least >= atLeast && most <= 1_050),
      timed(
        '  a call costs',
        `p99 ≤ ${costUs} µs`,
        told.map(({ p50, p99 }) => `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} µs`).join(' and '),
        told.every(({ p99 }) => p99 <= costUs),
      ),
    )
  }

  await each('go')
  await phase('both, steady', steadyMs, 950)
  redis.hold()
  await phase('Redis stands still', outageMs, 950) // the local shares together are the quota
  redis.goOn()
  await phase('it goes on', afterMs, 950)
  await redis.kill()
  await phase('Redis is killed', outageMs, 950)
  await redis.start()
  await phase('restarted empty', afterMs, 950)
  await other.ask('rest')
  await sleep(2_500) // what it holds is given back
  await phase('one of the two alone', steadyMs / 2, 950)
  redis.hold()
  await phase('alone, Redis stands still', outageMs, 475)
  redis.goOn()
  const ends = [one.end(2_000), other.end(2_000)]
  const codes = await Promise.all(ends)
  figures.push(
    figure(
      'both end by themselves',
      '0, 0',
      codes.join(', '),
      codes.every(code => code === 0),
    ),
  )
  figures.push(note('offered', `${perSecond}/s at each`))
  return figures
}

const sum = (told: readonly Spent[], from: number, to: number): number => {
  let all = 0
  for (const { tenths } of told) for (let tenth = from; tenth < to; tenth++) all += tenths[tenth] ?? 0
  return all
}
