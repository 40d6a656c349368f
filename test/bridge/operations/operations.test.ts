import { test } from 'node:test'
import { equal, ok, rejects } from 'node:assert/strict'
import { newId } from '../../../src/bridge/operations/event.ts'
import { anAccepted, anInstance, logBroker } from '../../help/operations.ts'
import { until } from '../../help/until.ts'

test('what one instance accepts, all know, and so do those that begin later', async t => {
  const broker = await logBroker(t)
  const [a, b] = [await anInstance(t, broker), await anInstance(t, broker)]
  const id = newId()
  await a.operations.accept(id, anAccepted())
  ok(a.operations.view.get(id) !== null, 'at once where it was accepted')
  ok((await b.operations.until(id, now => now !== null, 2_000)) !== null)
  const c = await anInstance(t, broker)
  ok(c.operations.view.get(id) !== null)
})

test('when more than one instance ends an operation, all say the same', async t => {
  const broker = await logBroker(t)
  const all = [await anInstance(t, broker), await anInstance(t, broker)]
  const id = newId()
  await all[0]!.operations.accept(id, anAccepted())
  await all[1]!.operations.until(id, now => now !== null, 2_000)
  await Promise.all(
    all.map(({ operations }, at) =>
      operations.happen(id, at === 0 ? { kind: 'cancelled', at } : { kind: 'expired', at }),
    ),
  )
  const kinds = await Promise.all(
    all.map(
      async ({ operations }) => (await operations.until(id, now => now?.ending != null, 2_000))?.ending?.said.kind,
    ),
  )
  equal(kinds[0], kinds[1])
})

test('an operation expires, and is forgotten after its time, also when its instance is gone', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker, { takeOverMs: 1 })
  const id = newId()
  await operations.accept(id, anAccepted({ expires: Date.now(), keepMs: 1 }))
  await until('it has expired', () => operations.view.get(id)?.ending?.said.kind === 'expired', 5_000)
  await until('it is forgotten', () => operations.view.get(id) === null, 6_000)
  const later = await anInstance(t, broker)
  equal(later.operations.view.get(id), null)
})

test('what is full refuses, and has sent nothing', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker, { entries: 2 })
  for (let i = 0; i < 2; i++) await operations.accept(newId(), anAccepted())
  await rejects(operations.accept(newId(), anAccepted()), { code: 'operations-full', outcome: 'not-sent' })
  equal(operations.view.size, 2)
})

test('an event is written although the broker was away', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker)
  const id = newId()
  await operations.accept(id, anAccepted())
  broker.outage()
  const ending = operations.happen(id, { kind: 'cancelled', at: 1 })
  broker.restore()
  await ending
  equal((await operations.until(id, now => now?.ending != null, 2_000))?.ending?.said.kind, 'cancelled')
})

test('others see to an operation only when its own instance does not', async t => {
  const broker = await logBroker(t)
  const [a, b] = [await anInstance(t, broker), await anInstance(t, broker, { takeOverMs: 30 })]
  const id = newId()
  await a.operations.accept(id, anAccepted({ by: a.operations.incarnation }))
  const known = (await b.operations.until(id, now => now !== null, 2_000))!
  const done: string[] = []
  a.operations.seeTo(
    known,
    () => false,
    () => done.push('own'),
  )
  b.operations.seeTo(
    known,
    () => true,
    () => done.push('done already'),
  )
  b.operations.seeTo(
    known,
    () => false,
    () => done.push('other'),
  )
  equal(done.join(), 'own')
  await until('the other has done it', () => done.length === 2)
  equal(done.join(), 'own,other')
})
