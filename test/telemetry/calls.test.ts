import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import type { Happenings } from '../../src/events.ts'
import { Problem, outcomes, problems } from '../../src/problem.ts'
import type { ProblemCode } from '../../src/problem.ts'
import { countCalls } from '../../src/telemetry/calls.ts'
import { Meter } from '../../src/telemetry/meter.ts'

const aFinish = (over: Partial<Happenings['finished']> = {}): Happenings['finished'] => ({
  call: null,
  id: 'call-1',
  route: 'place-order',
  method: 'POST',
  status: 201,
  outcome: 'sent',
  problem: null,
  ms: 3,
  clientGone: false,
  ...over,
})
const aRefusal = (over: Partial<Happenings['refused']> = {}): Happenings['refused'] => ({
  policy: 'bulkhead',
  route: 'place-order',
  worker: 'orders',
  problem: new Problem('bulkhead-full', 'Full.'),
  observed: false,
  ...over,
})

function counted() {
  const meter = new Meter()
  const { finished, refused } = countCalls(meter, ['place-order', 'read-order'])
  return {
    finished: finished!,
    refused: refused!,
    /** The samples of a metric that are not zero. */
    samples: async (name: string): Promise<string[]> =>
      (await meter.text()).split('\n').filter(line => line.startsWith(`${name}{`) && !line.endsWith(' 0')),
    size: async (): Promise<number> => (await meter.text()).split('\n').length,
  }
}

test('a call is counted by route, class of status, outcome and code', async () => {
  const { finished, samples } = counted()
  finished(aFinish())
  finished(aFinish({ status: 204 }))
  finished(aFinish({ status: 404 })) // of the worker
  const problem = new Problem('publish-timeout', 'x')
  finished(aFinish({ route: 'read-order', status: 504, outcome: 'in-doubt', problem }))
  deepEqual(await samples('sluice_calls_total'), [
    'sluice_calls_total{route="place-order",status="2xx",outcome="sent",code="none"} 2',
    'sluice_calls_total{route="place-order",status="4xx",outcome="sent",code="none"} 1',
    'sluice_calls_total{route="read-order",status="5xx",outcome="in-doubt",code="publish-timeout"} 1',
  ])
})

test('no two kinds of calls share a series', async () => {
  const codes = Object.keys(problems) as ProblemCode[]
  const kind = fc.record({
    route: fc.constantFrom('place-order', 'read-order'),
    status: fc.integer({ min: 200, max: 599 }),
    outcome: fc.constantFrom(...outcomes),
    code: fc.constantFrom(null, ...codes),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { maxLength: 200 }), async kinds => {
      const { finished, samples } = counted()
      const expected = new Map<string, number>()
      for (const { route, status, outcome, code } of kinds) {
        finished(aFinish({ route, status, outcome, problem: code === null ? null : new Problem(code, 'x') }))
        const labels = `route="${route}",status="${status.toString()[0]}xx",outcome="${outcome}",code="${code ?? 'none'}"`
        const key = `sluice_calls_total{${labels}}`
        expected.set(key, (expected.get(key) ?? 0) + 1)
      }
      deepEqual((await samples('sluice_calls_total')).sort(), Array.from(expected, entry => entry.join(' ')).sort())
    }),
    { numRuns: 50 },
  )
})

test('the first call of a route is an increase, as its series is there before', async () => {
  const meter = new Meter()
  countCalls(meter, ['place-order'])
  equal(
    (await meter.text()).split('\n').find(line => line.startsWith('sluice_calls_total{')),
    'sluice_calls_total{route="place-order",status="2xx",outcome="sent",code="none"} 0',
  )
})

test('the time is in seconds, and refusals are apart from replies', async () => {
  const { finished, samples } = counted()
  finished(aFinish({ ms: 40 }))
  finished(aFinish({ ms: 60_001 }))
  finished(aFinish({ ms: 0.2, status: 503, problem: new Problem('draining', 'x') }))
  deepEqual(await samples('sluice_call_duration_seconds_sum'), [
    'sluice_call_duration_seconds_sum{route="place-order",result="reply"} 60.041',
    'sluice_call_duration_seconds_sum{route="place-order",result="problem"} 0.0002',
  ])
  const buckets = (await samples('sluice_call_duration_seconds_bucket')).filter(line => line.includes('result="reply"'))
  deepEqual(
    buckets.map(line => /le="([^"]+)".* (\d+)$/.exec(line)!.slice(1).join(': ')),
    ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '30', '60'].map(le => `${le}: 1`).concat('+Inf: 2'),
  )
})

test('refusals and what would have been one are counted apart', async () => {
  const { refused, samples } = counted()
  refused(aRefusal())
  refused(aRefusal())
  refused(aRefusal({ policy: 'quota', problem: new Problem('rate-limited', 'Too many.'), observed: true }))
  refused(aRefusal({ policy: 'cluster', route: 'publish', problem: new Problem('circuit-open', 'Open.') }))
  deepEqual(await samples('sluice_refusals_total'), [
    'sluice_refusals_total{policy="bulkhead",route="place-order",code="bulkhead-full"} 2',
    'sluice_refusals_total{policy="cluster",route="publish",code="circuit-open"} 1',
  ])
  deepEqual(await samples('sluice_observed_refusals_total'), [
    'sluice_observed_refusals_total{policy="quota",route="place-order",code="rate-limited"} 1',
  ])
})

test('10,000 random paths and methods add no series', async () => {
  const { finished, refused, size } = counted()
  const problem = new Problem('unknown-route', 'x')
  const happen = (name: string): void => {
    finished(aFinish({ route: `/${name}`, id: name, method: name, status: 404, outcome: 'not-sent', problem }))
    refused(aRefusal({ route: name, worker: name }))
  }
  happen('first')
  const before = await size()
  for (let i = 1; i < 10_000; i++) happen(`random-${i}`)
  equal(await size(), before)
})
