import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { Problem } from '../../../src/problem.ts'
import { events } from '../../../src/events.ts'
import type { MemoryBroker } from '../../../src/bridge/memory.ts'
import { newId } from '../../../src/bridge/operations/event.ts'
import { correlationFor, endingOf } from '../../../src/bridge/operations/returns.ts'
import { anAccepted, anInstance, logBroker, topics } from '../../help/operations.ts'
import { bytes, pairs } from '../../help/record.ts'
import { until } from '../../help/until.ts'

const accepted = anAccepted()
const reply = (broker: MemoryBroker, correlation: string) =>
  broker.publish({
    topic: topics.replies,
    partition: 1,
    key: null,
    value: bytes('done'),
    headers: pairs({ 'sluice-correlation-id': correlation, 'sluice-status': '201' }),
    acks: 'all',
    signal: new AbortController().signal,
  })

test('a reply completes its operation, whoever accepted that', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker)
  const id = newId()
  await operations.accept(id, accepted)
  await reply(broker, correlationFor(id, accepted.secret))
  const said = (await operations.until(id, now => now?.ending != null, 2_000))?.ending?.said
  equal(said?.kind === 'completed' && said.reply().status, 201)
})

test('a reply with a wrong secret completes nothing, and is told of as forged', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker)
  const classes: string[] = []
  const listener = (happened: { class: string }): void => void classes.push(happened.class)
  events.reply.subscribe(listener)
  t.after(() => events.reply.unsubscribe(listener))
  const id = newId()
  await operations.accept(id, accepted)
  await reply(broker, correlationFor(id, 'x'.repeat(22)))
  await reply(broker, 'gateway.1.2')
  await until('both are told', () => classes.length === 2)
  deepEqual(classes, ['forged', 'foreign'])
  equal(operations.view.get(id)?.ending, null)
})

test('a reply that is read before its operation is known is fetched again', async t => {
  const broker = await logBroker(t)
  const { operations } = await anInstance(t, broker)
  const id = newId()
  await reply(broker, correlationFor(id, accepted.secret))
  await new Promise(resolve => setImmediate(resolve))
  await operations.accept(id, accepted)
  equal((await operations.until(id, now => now?.ending != null, 6_000))?.ending?.said.kind, 'completed')
})

test('what is no reply ends its operation as failed', () => {
  const ending = endingOf(() => {
    throw new Problem('bad-reply', 'x')
  }, 0)
  equal(ending.kind === 'failed' && ending.code, 'bad-reply')
})
