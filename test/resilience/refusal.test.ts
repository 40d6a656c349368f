import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import { Problem } from '../../src/problem.ts'
import { refusal, soon, spread } from '../../src/resilience/refusal.ts'
import { heard } from './heard.ts'

const labels = { route: 'place-order', worker: 'orders' }

test('a refusal in force is told and handed back, signed by its policy', t => {
  const refused = heard(t, 'refused')
  const problem = new Problem('not-ready', 'No metadata.', { retryAfterMs: 1_500, cause: 'why' })
  const thrown = refusal('gate', 'enforce')(labels, problem)
  deepEqual(refused, [{ ...labels, policy: 'gate', problem, observed: false }])
  equal(thrown?.policy, 'gate')
  equal(thrown?.code, 'not-ready')
  equal(thrown?.message, 'No metadata.')
  equal(thrown?.retryAfterMs, 1_500)
  equal(thrown?.cause, 'why')
})

test('a refusal that is signed already is not made twice', () => {
  const problem = new Problem('circuit-open', 'Open.', { policy: 'breaker' })
  equal(refusal('breaker', 'enforce')(labels, problem), problem)
})

test('an observed refusal is told and not handed back', t => {
  const refused = heard(t, 'refused')
  equal(refusal('quota', 'observe')(labels, new Problem('rate-limited', 'Too many.')), null)
  equal(refused[0]?.observed, true)
})

test('a spread wait stays within its share, is at least 1 and not always the same', () => {
  const waits = Array.from({ length: 1_000 }, () => spread(1_000))
  ok(waits.every(wait => wait >= 800 && wait <= 1_200))
  ok(Math.min(...waits) < 850 && Math.max(...waits) > 1_150)
  equal(spread(0), 1)
  ok(Array.from({ length: 100 }, soon).every(wait => wait >= 1_000 && wait <= 2_000))
})
