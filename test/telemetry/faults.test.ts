import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

test('the rules of faults that hold are counted', async () => {
  const rule = { rule: 'slow', kind: 'delay', percent: 5, route: null, worker: null, forMs: 1_000 } as const
  deepEqual(
    await counted('sluice_fault_rules', () => {
      for (const state of ['begun', 'begun', 'begun', 'time', 'cleared'] as const)
        events.faultRule.publish({ ...rule, state })
    }),
    ['sluice_fault_rules 1'],
  )
})

test('injected faults are counted by kind and route, and nothing is there before', async () => {
  deepEqual(await counted('sluice_faults_total', () => {}), [])
  const happen = (): void => {
    const happened = { kind: 'delay', rule: 'slow', route: 'find', worker: 'orders', observed: false } as const
    for (let i = 0; i < 2; i++) events.fault.publish(happened)
    events.fault.publish({ ...happened, kind: 'abort', route: 'unheard-of' })
    events.fault.publish({ ...happened, observed: true })
  }
  deepEqual(await counted('sluice_faults', happen), [
    'sluice_faults_total{kind="delay",route="find"} 2',
    'sluice_faults_total{kind="abort",route="none"} 1',
  ])
  deepEqual(await counted('sluice_observed_faults', happen), [
    'sluice_observed_faults_total{kind="delay",route="find"} 1',
  ])
})
