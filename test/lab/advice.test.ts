import { test } from 'node:test'
import { deepEqual, notEqual } from 'node:assert/strict'
import { optionsOf, whoOf } from '../../src/lab/advice.ts'
import { problems } from '../../src/problem.ts'

test('of each code it is known who says it', () => {
  deepEqual(['bulkhead-full', 'circuit-open', 'reply-timeout', '502', 'unheard-of'].map(whoOf), [
    'bulkhead',
    'breaker',
    'worker',
    'worker',
    'gateway',
  ])
})

test('codes that load and failure bring have an advice', () => {
  for (const code of [
    'bulkhead-full',
    'shed',
    'circuit-open',
    'reply-timeout',
    'publish-timeout',
    'no-worker',
  ] as const) {
    notEqual(problems[code], undefined)
    notEqual(optionsOf(code), null, code)
  }
})
