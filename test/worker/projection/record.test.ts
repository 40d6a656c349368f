import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { happened, header, written } from '../../../src/worker/projection/record.ts'
import { aRecord, pairs } from '../../help/record.ts'

const decision = { id: 'd', key: 'k', source: '/accounts' }
const readBack = (events: Parameters<typeof written>[0]['events']) =>
  happened(aRecord({ ...written({ ...decision, events }), topic: 'accounts', offset: 7n }), 'k').map(
    ({ type, data }) => [type, data],
  )

test('one event is a CloudEvent of its own, several are one record that is a batch', () => {
  const one = written({ ...decision, events: [{ type: 'opened', data: { owner: 'Zoë' } }] })
  deepEqual(
    ['ce_id', 'ce_type', 'ce_source', 'ce_specversion', 'ce_partitionkey', 'content-type'].map(name =>
      header(one.headers, name),
    ),
    ['d', 'opened', '/accounts', '1.0', 'k', 'application/json'],
  )
  equal(one.value?.toString(), '{"owner":"Zoë"}')
  const two = written({ ...decision, events: [{ type: 'a' }, { type: 'b', data: 1 }] })
  deepEqual(
    (JSON.parse(String(two.value)) as { id: string }[]).map(({ id }) => id),
    ['d.0', 'd.1'],
  )
  equal(header(two.headers, 'ce_specversion'), null)
})

test('what is written is read back', () => {
  deepEqual(readBack([{ type: 'closed' }]), [['closed', null]])
  deepEqual(readBack([{ type: 'opened', data: { a: [1] } }]), [['opened', { a: [1] }]])
  deepEqual(readBack([{ type: 'a' }, { type: 'b', data: 'x' }]), [
    ['a', null],
    ['b', 'x'],
  ])
})

test('records of other writers are events, too', () => {
  const [event] = happened(
    aRecord({ value: Buffer.of(0xff, 0), headers: pairs({ ce_type: 'raw' }), timestamp: 5 }),
    'k',
  )
  deepEqual([event?.type, event?.data, event?.time, event?.key], ['raw', Buffer.of(0xff, 0), 5, 'k'])
  deepEqual(happened(aRecord({ value: Buffer.from('no json') }), 'k')[0]?.data, Buffer.from('no json'))
})
