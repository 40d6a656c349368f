import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { explain } from '../../src/resilience/explain.ts'
import type { Layer } from '../../src/resilience/layer.ts'

test('each layer says who it is, how it acts, and what it knows at the moment of the question', () => {
  let inFlight = 1
  const layers: Layer<unknown, unknown>[] = [
    { policy: 'deadline', mode: 'observe', wrap: next => next, state: () => null },
    { policy: 'bulkhead', mode: 'enforce', wrap: next => next, state: () => ({ inFlight, limit: 8 }) },
  ]
  inFlight = 5
  deepEqual(explain(layers), [
    { policy: 'deadline', mode: 'observe' },
    { policy: 'bulkhead', mode: 'enforce', inFlight: 5, limit: 8 },
  ])
})
