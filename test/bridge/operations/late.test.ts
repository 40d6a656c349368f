import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { forwarding } from '../../../src/bridge/operations/late.ts'
import { events } from '../../../src/events.ts'
import { aRecord, bytes, header, pairs } from '../../help/record.ts'
import { until } from '../../help/until.ts'

const missed = { command: 'c-1', key: bytes('k'), lateMs: 12.4 }
const record = aRecord({ value: bytes('done'), headers: pairs({ 'sluice-status': '201' }) })

test('a late reply goes on as it came, with the identity of its command and its key', async () => {
  const sent: Outgoing[] = []
  const publish = async (one: Outgoing) => {
    sent.push(one)
    return { partition: 0, offset: 0n }
  }
  forwarding({ publish, partitionFor: () => 3 }, 'late')(record, missed)
  await until('it is sent', () => sent.length === 1)
  const { topic, partition, key, value, headers } = sent[0]!
  deepEqual([topic, partition, key, value], ['late', 3, bytes('k'), bytes('done')])
  deepEqual(
    ['ce_id', 'sluice-late-ms', 'sluice-status'].map(name => header(headers, name)),
    ['c-1', '12', '201'],
  )
})

test('what cannot be forwarded is told as a warning', async t => {
  const told: string[] = []
  const listener = ({ what }: { what: string }): void => void told.push(what)
  events.warning.subscribe(listener)
  t.after(() => events.warning.unsubscribe(listener))
  const partitionFor = (): never => {
    throw new Error('no such topic')
  }
  forwarding({ publish: async () => ({ partition: 0, offset: 0n }), partitionFor }, 'late')(record, missed)
  await until('it is told', () => told.length === 1)
  deepEqual(told, ['A late reply was not forwarded to late.'])
})
