import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Outliers } from '../../../src/bridge/upstreams/outliers.ts'
import type { Endpoint } from '../../../src/bridge/upstreams/endpoint.ts'
import { Results } from '../../../src/bridge/upstreams/results.ts'
import { frozenClock } from '../../help/clock.ts'

const options = { everyMs: 1_000, minCalls: 10, failurePercent: 30, slowFactor: 5, ejectMs: 5_000, maxPercent: 50 }
const three = () =>
  ['a', 'b', 'c'].map(name => ({ name, ejected: false, results: new Results() }) as unknown as Endpoint)
/** Twenty calls, of which the last `bad` fail. */
const calls = ({ results }: Endpoint, bad: number, ms: number): void => {
  for (let i = 0; i < 20; i++) results.add(i >= bad, ms)
}
const aside = (all: readonly Endpoint[]): readonly string[] =>
  all.filter(({ ejected }) => ejected).map(({ name }) => name)

test('who fails while the others do not is put aside, for longer each time', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  const round = (): void => all.forEach(one => calls(one, one.name === 'b' ? 10 : 1, 10))
  round()
  await clock.advance(1_000)
  deepEqual(aside(all), ['b'])
  await clock.advance(5_000)
  deepEqual(aside(all), [])
  round()
  await clock.advance(1_000)
  deepEqual(aside(all), ['b'])
  await clock.advance(5_000)
  deepEqual(aside(all), ['b'])
  await clock.advance(5_000)
  deepEqual(aside(all), [])
})

test('who is slow while the others are not is put aside', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  all.forEach(one => calls(one, 0, one.name === 'c' ? 200 : 10))
  await clock.advance(1_000)
  deepEqual(aside(all), ['c'])
})

test('a fault that all have is nobody’s, and never more than the share goes', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  all.forEach(one => calls(one, 15, 10))
  await clock.advance(1_000)
  deepEqual(aside(all), [])
  all.forEach(one => calls(one, one.name === 'a' ? 0 : 20, 10))
  await clock.advance(1_000)
  equal(aside(all).length <= 1, true)
})

test('a few calls prove nothing', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  all[0]!.results.add(false, 1)
  calls(all[1]!, 0, 1)
  await clock.advance(1_000)
  deepEqual(aside(all), [])
})

test('a slow one, to which few calls go, is judged by those of several looks together', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  for (let look = 0; look < 3; look++) {
    for (let i = 0; i < 4; i++) all[1]!.results.add(true, 300)
    for (const one of [all[0]!, all[2]!]) calls(one, 0, 1)
    deepEqual(aside(all), [])
    await clock.advance(1_000)
  }
  deepEqual(aside(all), ['b'])
})

test('who comes back is tried with few calls, and put aside again after three that are as bad', async t => {
  const clock = frozenClock(t)
  const all = three()
  using _ = new Outliers('shop', () => all, options)
  all.forEach(one => calls(one, 0, one.name === 'c' ? 200 : 10))
  await clock.advance(1_000)
  await clock.advance(5_000)
  const [, , c] = all as [Endpoint, Endpoint, Endpoint]
  deepEqual([aside(all), c.onProbation], [[], true])
  for (let i = 0; i < 3; i++) c.results.add(true, 200)
  for (const one of all.slice(0, 2)) calls(one, 0, 10)
  await clock.advance(1_000)
  deepEqual(aside(all), ['c'])
  await clock.advance(10_000)
  for (let i = 0; i < 3; i++) c.results.add(true, 10)
  for (const one of all.slice(0, 2)) calls(one, 0, 10)
  await clock.advance(1_000)
  deepEqual([aside(all), c.onProbation], [[], false])
})
