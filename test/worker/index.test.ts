import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import * as library from '../../src/worker/index.ts'
import { aStation } from '../help/station.ts'

test('the library is these, and nothing that was not meant', () => {
  deepEqual(Object.keys(library).toSorted(), ['Refusal', 'connect', 'problem', 'project', 'refuse', 'serve'])
})

test('a broker that is handed in is used, and left open', async () => {
  const { broker, send, replies, settle, serving } = await aStation()
  const worker = await library.serve(serving, () => library.problem(418, 'No coffee.'))
  await send()
  await settle()
  equal(replies[0]?.status, 418)
  await worker.close()
  equal(broker.state, 'ready')
})
