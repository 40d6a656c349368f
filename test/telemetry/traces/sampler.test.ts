import { test } from 'node:test'
import { deepEqual, throws } from 'node:assert/strict'
import { samplingOf } from '../../../src/telemetry/traces/sampler.ts'

const samplingBy = (name?: string, arg?: string) =>
  samplingOf({
    ...(name !== undefined && { OTEL_TRACES_SAMPLER: name }),
    ...(arg !== undefined && { OTEL_TRACES_SAMPLER_ARG: arg }),
  })
const [low, high] = ['00000001'.repeat(4).slice(0, 31) + '0', `fffffff0${'0'.repeat(24)}`]
const parent = (traceFlags: number) => ({ traceId: low, spanId: '1'.repeat(16), traceFlags })

test('what is sampled is said by the variables of OpenTelemetry', () => {
  const said = (name?: string, arg?: string): readonly boolean[] => {
    const sampling = samplingBy(name, arg)
    return [sampling(null, low), sampling(null, high), sampling(parent(1), high), sampling(parent(0), low)]
  }
  deepEqual(said('always_off'), [false, false, false, false])
  deepEqual(said('always_on'), [true, true, true, true])
  deepEqual(said('traceidratio', '0.01'), [true, false, false, true])
  deepEqual(said(), [true, true, true, false])
  deepEqual(said('parentbased_traceidratio', '0.01'), [true, false, true, false])
  deepEqual(said('parentbased_always_off'), [false, false, true, false])
})

test('what is none is told with those that there are', () => {
  throws(() => samplingBy('sometimes'), /expected one of always_on, always_off, traceidratio/)
  throws(() => samplingBy('traceidratio', 'half'), /expected a number from 0 to 1/)
})
