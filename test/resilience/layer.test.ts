import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Circuit } from '../../src/resilience/circuit/circuit.ts'
import { guarded, on, wraps } from '../../src/resilience/layer.ts'
import { frozenClock } from '../help/clock.ts'

const policy = (mode: string) => (next: (input: string) => Promise<string>) => async (input: string) =>
  `${mode} ${await next(input)}`

test('what is off is not there at all, and what is there knows whether it enforces', async () => {
  deepEqual(on('quota', 'off', policy), [])
  const [layer] = on('quota', 'observe', policy, () => ({ left: 3 }))
  deepEqual([layer?.policy, layer?.mode, layer?.state()], ['quota', 'observe', { left: 3 }])
  equal(await wraps(on('quota', 'observe', policy))[0]?.(async input => input)('call'), 'observe call')
})

test('the mode of a guarded layer is what an operator has set', t => {
  frozenClock(t)
  const shares = { windowMs: 10_000, minCalls: 20, failurePercent: 50, consecutive: 5, probes: 1 }
  const times = { openMs: 5_000, openMaxMs: 60_000, longestWaitMs: 5_000 }
  using circuit = new Circuit({ name: 'orders', mode: 'enforce', ...shares, ...times })
  const [layer] = guarded('breaker', 'enforce', circuit, () => policy('enforce'))
  equal(layer?.mode, 'enforce')
  circuit.force('observe')
  equal(layer?.mode, 'observe')
  deepEqual(layer?.state(), circuit.snapshot())
})
