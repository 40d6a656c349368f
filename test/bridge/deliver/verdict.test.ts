import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { verdictOf } from '../../../src/bridge/deliver/verdict.ts'
import type { Verdict } from '../../../src/bridge/deliver/verdict.ts'

const told = (statuses: readonly number[], retryAfterMs: number | null = null): readonly Verdict[] => [
  ...new Set(statuses.map(status => verdictOf({ status, retryAfterMs }))),
]

test('each status has one meaning', () => {
  deepEqual(told([200, 201, 202, 204, 299]), ['delivered'])
  deepEqual(told([410]), ['ended'])
  deepEqual(told([400, 406, 411, 413, 414, 415, 422, 431]), ['refused'])
  deepEqual(told([429, 503]), ['slowed'])
  deepEqual(told([301, 302, 307, 308, 401, 403, 404, 405, 408, 409, 425, 500, 501, 502, 504, 599]), ['retried'])
})

test('whoever asks for time gets it, but for what is settled', () => {
  deepEqual(told([408, 500, 502, 301], 1_000), ['slowed'])
  deepEqual(told([200, 410, 400], 1_000), ['delivered', 'ended', 'refused'])
})
