import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { Cancels } from '../../../src/bridge/operations/index.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { anAccepted, anInstance, logBroker } from '../../help/operations.ts'
import { header } from '../../help/record.ts'

/** An operation, and what asks its worker to stop; `said` is done once the record is published. */
async function asked(t: TestContext, said: (cancels: Cancels, end: () => Promise<void>, id: string) => unknown) {
  const { operations, returns } = await anInstance(t, await logBroker(t))
  const id = newId()
  await operations.accept(id, anAccepted({ target: { topic: 'orders.commands', partition: 4, key: 'a2V5' } }))
  const cancels = new Cancels()
  const sent: Outgoing[] = []
  const parts = {
    operations,
    returns,
    dialectOf: (worker: string) => (worker === 'orders' ? ('sluice' as const) : null),
    publish: async (record: Outgoing) => {
      sent.push(record)
      said(cancels, () => operations.happen(id, { kind: 'cancelled', at: 1 }), id)
      return { partition: 0, offset: 0n }
    },
  }
  const cancel = () => cancels.cancel(parts, operations.view.get(id)!)
  return { cancel, sent, operations, id }
}

test('the record has the key and partition of the command, and its identity', async t => {
  const { cancel, sent } = await asked(t, (_cancels, end) => void end())
  equal((await cancel())?.ending?.said.kind, 'cancelled')
  const { topic, partition, key, value, headers } = sent[0]!
  deepEqual([topic, partition, String(Buffer.from(key!)), value], ['orders.commands', 4, 'key', null])
  deepEqual([header(headers, 'ce_id'), header(headers, 'sluice-control')], ['command-1', 'cancel'])
  equal((await cancel())?.ending?.said.kind, 'cancelled')
  equal(sent.length, 1, 'what is cancelled is not asked again')
})

test('a worker that goes on is a refusal', async t => {
  const { cancel } = await asked(t, (cancels, _end, id) => cancels.refused(id))
  await rejects(cancel(), { code: 'operation-running', message: /goes on/ })
})

test('what has ended cannot be cancelled', async t => {
  const { cancel, operations, id, sent } = await asked(t, () => {})
  await operations.happen(id, { kind: 'expired', at: 1 })
  await operations.ended(id, 1_000, new AbortController().signal)
  await rejects(cancel(), { code: 'operation-running', message: /ended/ })
  equal(sent.length, 0)
})
