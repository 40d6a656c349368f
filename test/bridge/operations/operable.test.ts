import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import type { Outgoing } from '../../../src/bridge/broker.ts'
import { operable } from '../../../src/bridge/operations/index.ts'
import type { Call, Reply } from '../../../src/call.ts'
import { later, now } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { aCall } from '../../help/call.ts'
import { anAccepted, anInstance, logBroker, topics } from '../../help/operations.ts'
import { bytes, header, pairs } from '../../help/record.ts'
import { until } from '../../help/until.ts'

async function aCore(t: TestContext, fails: Problem | null = null, entries = 1_000) {
  const broker = await logBroker(t)
  const { operations, returns } = await anInstance(t, broker, { entries })
  const sent: Outgoing[] = []
  const core = operable(
    {
      operations,
      returns,
      publish: async record => {
        sent.push(record)
        if (fails !== null) throw fails
        return { partition: 0, offset: 0n }
      },
    },
    {
      dialect: 'sluice',
      route: 'place-order',
      template: '/orders',
      instance: 'a',
      reply: returns.place,
      maxReplyBytes: 10_000,
      path: '/operations',
      retryAfterMs: 1_000,
      keepMs: 60_000,
      mayAccept: true,
      late: null,
    },
  )
  const answer = async (at = 0): Promise<void> => {
    const { headers } = sent[at]!
    const correlation = header(headers, 'sluice-correlation-id')!
    await broker.publish({
      topic: topics.replies,
      partition: 0,
      key: null,
      value: bytes('done'),
      headers: pairs({ 'sluice-correlation-id': correlation }),
      acks: 'all',
      signal: new AbortController().signal,
    })
  }
  const ask = (over: Partial<Call> = {}): Promise<Reply> => core(aCall(over))
  return { ask, answer, sent, operations, returns }
}

test('a reply in time is the answer, and leaves no operation', async t => {
  const { ask, answer, sent, operations } = await aCore(t)
  const asked = ask({ accepts: later(4_000) })
  equal(header(sent[0]!.headers, 'sluice-reply-to'), topics.replies)
  await answer()
  equal(String(Buffer.from((await asked).body)), 'done')
  equal(operations.view.size, 0)
})

test('whoever does not wait gets 202 once command and operation are acknowledged', async t => {
  const { ask, operations } = await aCore(t)
  const call = aCall({ accepts: now() })
  const { status, own = [] } = await ask(call)
  deepEqual([status, call.progress.outcome, call.progress.accepted], [202, 'sent', true])
  const place = Object.fromEntries(own)['Location']!
  match(place, /^\/operations\/o/)
  equal(operations.view.get(place.slice('/operations/'.length))?.accepted.command, 'command-1')
})

test('a command that is certainly not sent leaves no operation', async t => {
  const { ask, operations } = await aCore(t, new Problem('broker-unavailable', 'x'))
  await rejects(ask({ accepts: now() }), { code: 'broker-unavailable' })
  await until('it is forgotten', () => operations.view.size === 0)
})

test('where no more operations can be kept nothing is sent', async t => {
  const { ask, sent } = await aCore(t, null, 0)
  await rejects(ask({ accepts: now() }), { code: 'operations-full', outcome: 'not-sent' })
  equal(sent.length, 0)
})

test('a call that has claimed its key completes the operation that holds it', async t => {
  const { ask, answer, operations } = await aCore(t)
  const id = `o${'a'.repeat(22)}`
  const secret = 'b'.repeat(22)
  await operations.accept(id, anAccepted({ secret }))
  const asked = ask({ claimed: { id, secret } })
  await answer()
  await asked
  equal((await operations.until(id, seen => seen?.ending != null, 2_000))?.ending?.said.kind, 'completed')
})

test('an instance that stops turns what it has sent into operations', async t => {
  const { ask, returns } = await aCore(t)
  const asked = ask()
  await new Promise(resolve => setImmediate(resolve))
  returns.hurry()
  equal((await asked).status, 202)
  const other = ask()
  returns.abandon()
  await rejects(other, { code: 'reply-timeout' })
})

test('a command that nobody answers in its time fails as any other', async t => {
  const { ask } = await aCore(t)
  await rejects(ask({ expires: later(20) }), { code: 'reply-timeout' })
})
