import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import { counted } from './counted.ts'

test('requests to upstreams are counted by what came of them, and endpoints by what became of them', async () => {
  const happen = (): void => {
    for (const result of ['2xx', '2xx', 'upstream-failed'])
      events.upstream.publish({ upstream: 'shop', endpoint: '127.0.0.1:1', result })
    events.endpoint.publish({ upstream: 'shop', endpoint: '127.0.0.1:1', kind: 'ejected', reason: 'it is slow' })
    events.circuit.publish({ circuit: 'shop/127.0.0.1:1', from: 'closed', to: 'open', reason: 'x' })
  }
  deepEqual(await counted('sluice_upstream_', happen), [
    'sluice_upstream_requests_total{upstream="shop",result="2xx"} 2',
    'sluice_upstream_requests_total{upstream="shop",result="upstream-failed"} 1',
    'sluice_upstream_changes_total{upstream="shop",kind="ejected"} 1',
  ])
  deepEqual(await counted('sluice_circuit_changes', happen), [])
})

test('commands that became calls are counted with their time, by how they ended', async () => {
  const place = { topic: 'shop.commands', partition: 0, offset: 1n }
  const one = { id: 'a', route: 'calls.shop', upstream: 'shop', asked: 'POST /', place, sendings: 1, ms: 500 } as const
  const happen = (): void => {
    events.called.publish({ ...one, outcome: 'sent', status: 201, code: null, why: null })
    events.called.publish({ ...one, outcome: 'in-doubt', status: null, code: 'in-doubt', why: 'x' })
    events.called.publish({ ...one, outcome: 'not-sent', status: null, code: null, why: 'x' })
  }
  const count = (result: string): string => `sluice_called_duration_seconds_count{by="calls.shop",result="${result}"} 1`
  deepEqual(await counted('sluice_called_duration_seconds_count', happen), ['answered', 'given-up', 'ended'].map(count))
})

test('what is given up is counted by who gave it up, and why', async () => {
  deepEqual(await counted('sluice_dead_', () => events.dead.publish({ by: 'calls.shop', reason: 'exhausted' })), [
    'sluice_dead_letters_total{by="calls.shop",reason="exhausted"} 1',
  ])
})

test('where calls go is counted, and the share is shown', async () => {
  const happen = (): void => {
    events.strangled.publish({ route: 'moving', failed: true })
    events.mirrored.publish({ route: 'moving', result: 'different' })
    events.rollout.publish({ route: 'moving', percent: 10, state: 'rising', reason: 'x' })
  }
  deepEqual(
    [...(await counted('sluice_strangle', happen)), ...(await counted('sluice_mirrored', happen))],
    [
      'sluice_strangled_calls_total{route="moving",result="failed"} 1',
      'sluice_strangler_percent{route="moving"} 10',
      'sluice_mirrored_calls_total{route="moving",result="different"} 1',
    ],
  )
})
