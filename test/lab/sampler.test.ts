import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { now } from '../../src/clock.ts'
import { noDeeds } from '../../src/lab/behaviour.ts'
import { sample } from '../../src/lab/sampler.ts'
import { frozenClock } from '../help/clock.ts'

test('each second has what the workers did in it, and how the gateway stood at its end', async t => {
  const { advance } = frozenClock(t)
  let executed = 0
  let asked = 0
  const over = new AbortController()
  const watched = {
    target: {
      metrics: () => Promise.resolve(asked++ === 1 ? null : new Map([['sluice_in_flight', asked]])),
      readyStatus: () => Promise.resolve(200),
    },
    deeds: () => ({ ...noDeeds, executed }),
    pids: () => ({ gateway: [process.pid] }),
  }
  const sampling = sample(watched, now(), over.signal)
  await advance(1)
  for (const more of [5, 0, 7]) {
    executed += more
    await advance(1_000)
  }
  over.abort()
  const samples = await sampling
  deepEqual(
    samples.slice(0, 3).map(({ deeds }) => deeds.executed),
    [5, 0, 7],
  )
  deepEqual([samples[0]?.ready, samples[1]?.metrics], [200, null])
  equal(samples[0]?.metrics?.get('sluice_in_flight'), 1)
  ok((samples[0]?.cpu['gateway'] ?? -1) >= 0)
})
