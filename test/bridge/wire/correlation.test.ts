import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { correlationNames, correlationOf } from '../../../src/bridge/wire/correlation.ts'
import { aRecord, pairs } from '../../help/record.ts'
import { dialects } from '../../help/wire.ts'

const names = correlationNames(dialects.map(([, dialect]) => dialect))
const ours = (id: string): boolean => id.startsWith('a.')
const idOf = (headers: Readonly<Record<string, string>>): string | null =>
  correlationOf(aRecord({ headers: pairs(headers) }), names, ours)

test('the id is found under the name of any dialect, whatever its case', () => {
  for (const name of ['sluice-correlation-id', 'Kafka_CorrelationID', 'reply_correlation_id', 'correlation_id', 'x-id'])
    equal(idOf({ other: 'x', [name]: 'a.1' }), 'a.1', name)
  equal(idOf({ 'x-correlation': 'a.1' }), null)
})

test('an id of ours is found beside one that the framework makes, and the last counts among others', () => {
  equal(idOf({ 'sluice-correlation-id': 'a.1', correlation_id: 'made up' }), 'a.1')
  equal(idOf({ correlation_id: 'made up', 'sluice-correlation-id': 'a.1' }), 'a.1')
  equal(idOf({ correlation_id: 'b.1', 'sluice-correlation-id': 'b.2' }), 'b.2')
  equal(idOf({ 'sluice-correlation-id': 'a.1', 'Sluice-Correlation-Id': 'a.2' }), 'a.2')
})
