import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { accepted, stateOf } from '../../../src/bridge/operations/state.ts'
import { View } from '../../../src/bridge/operations/view.ts'
import { newId, write } from '../../../src/bridge/operations/event.ts'
import { anAccepted } from '../../help/operations.ts'
import { aRecord, bytes } from '../../help/record.ts'

const id = newId()

function anOperation() {
  const view = new View()
  const { key, value, headers } = write(id, anAccepted({ at: 0, expires: 60_000 }))
  view.apply(aRecord({ key: bytes(key), value, headers }))
  return view.get(id)!
}

test('a client sees when its operation began and expires, and nothing secret', () => {
  deepEqual(stateOf(anOperation()), {
    id,
    state: 'pending',
    route: 'place-order',
    created: '1970-01-01T00:00:00.000Z',
    expires: '1970-01-01T00:01:00.000Z',
  })
})

test('202 says where to look, and when in whole seconds', () => {
  const { status, own } = accepted(anOperation(), '/operations', 1_200)
  equal(status, 202)
  deepEqual(own, [
    ['Location', `/operations/${id}`],
    ['Retry-After', '2'],
  ])
})
