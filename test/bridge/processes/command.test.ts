import { test } from 'node:test'
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { commandOf, correlationOfStep } from '../../../src/bridge/processes/command.ts'
import { begun, happened } from '../../../src/bridge/processes/run.ts'
import type { Run } from '../../../src/bridge/processes/run.ts'
import type { Operation } from '../../../src/bridge/operations/entry.ts'
import { anAccepted } from '../../help/operations.ts'
import { planOf, tripOf } from '../../help/processes.ts'
import { header } from '../../help/record.ts'

const config = tripOf()
const told = {
  method: 'POST',
  path: '/trips',
  query: '',
  params: [],
  headers: [],
  contentType: 'text/plain',
  trace: [],
}
const body = Buffer.from('{"to":"Rome"}').toString('base64')
const started = { name: 'trip', plan: planOf(config), template: '/trips', told, body }
const accepted = anAccepted({ process: started })
const operation = (run: Run): Operation => ({
  id: `o${'x'.repeat(22)}`,
  accepted,
  partition: 0,
  begun: 0,
  progress: null,
  ending: null,
  callback: null,
  keys: [],
  run,
})
const record = (run: Run) =>
  commandOf(operation(run), run, config.workers['flights']!, {
    instance: 'a',
    place: { topic: 'replies', partition: 3 },
    partitionFor: () => 1,
  })
const first = begun(started, 'a', 0)
const event = { kind: 'step', by: 'a', at: 1, n: 1 } as const
const again = happened(first, { ...event, what: 'silent' }, 1)
const undo = happened(again, { ...event, n: 2, what: 'silent' }, 2)

test('a step is a command of its own, the same on every sending', () => {
  const [one, two] = [record(first), record(again)]
  const ids = [one, two].map(({ headers }) => header(headers, 'ce_id'))
  deepEqual(ids, ['command-1.flight', 'command-1.flight'])
  deepEqual(
    [one, two].map(({ headers }) => header(headers, 'sluice-attempt')),
    ['1', '2'],
  )
  equal(header(one.headers, 'ce_type'), 'trip.flight')
  equal(header(one.headers, 'sluice-reply-to'), 'replies')
  equal(header(one.headers, 'sluice-correlation-id'), header(two.headers, 'sluice-correlation-id'))
  deepEqual([one.value?.toString(), one.key?.toString()], ['{"to":"Rome"}', `o${'x'.repeat(22)}`])
})

test('what undoes it is another, and is told the request and the replies so far', () => {
  equal(undo.phase, 'undo')
  const { headers, value } = record(undo)
  equal(header(headers, 'ce_id'), 'command-1.flight.undo')
  equal(header(headers, 'ce_type'), 'trip.flight.undo')
  equal(header(headers, 'content-type'), 'application/json')
  deepEqual(JSON.parse(String(value)), { request: { to: 'Rome' }, steps: {} })
  notEqual(correlationOfStep(operation(undo)), correlationOfStep(operation(first)))
})

test('a reply can be known only by who knows the secret of the operation', () => {
  const other = { ...operation(first), accepted: { ...accepted, secret: 't'.repeat(22) } }
  notEqual(correlationOfStep(other), correlationOfStep(operation(first)))
  equal(/^op\.o[\w-]{22}\.[\w-]{22}$/.test(correlationOfStep(operation(first))), true)
})
