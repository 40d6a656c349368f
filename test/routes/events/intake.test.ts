import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { eventIntake } from '../../../src/routes/events/intake.ts'
import type { Exchange } from '../../../src/routes/exchange.ts'
import { aCall } from '../../help/call.ts'

const brought = (headers: Record<string, string>): Exchange => ({ req: { headers } }) as unknown as Exchange

const entering = (key: Uint8Array | null = null) =>
  eventIntake({
    worker: 'signals',
    hasBody: () => true,
    codings: 'identity',
    enter: (_exchange, _params, body) => aCall({ body, key, partition: 0 }),
    keyed: (call, key) => ({ ...call, key, partition: 7 }),
  })

const headers = { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-source': '/s', 'ce-type': 't', 'ce-partitionkey': 'p' }

test('the partition key of an event is its key where the route has none', () => {
  const call = entering().enter(brought(headers), {}, Buffer.from('x'), 'normal')
  deepEqual([call.key?.toString(), call.partition, call.command], ['p', 7, 'e-1'])
  const keyed = entering(Buffer.from('k')).enter(brought(headers), {}, Buffer.from('x'), 'normal')
  deepEqual([keyed.key?.toString(), keyed.partition], ['k', 0])
})

test('what brings no CloudEvent is a call as any other', () => {
  const call = entering().enter(brought({ 'content-type': 'text/plain' }), {}, Buffer.from('x'), 'normal')
  equal(call.told.event, undefined)
})

test('a batch, or a format that is not JSON, is told which types there are', () => {
  for (const type of ['application/cloudevents-batch+json', 'application/cloudevents+avro'])
    throws(() => entering().enter(brought({ 'content-type': type }), {}, Buffer.from('[]'), 'normal'), {
      code: 'unsupported-type',
    })
})
