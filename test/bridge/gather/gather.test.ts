import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { Gather } from '../../../config/schema/gather.ts'
import { gather } from '../../../src/bridge/gather/gather.ts'
import type { Reply } from '../../../src/call.ts'
import { alarms, later } from '../../../src/clock.ts'
import { Problem } from '../../../src/problem.ts'
import { aCall } from '../../help/call.ts'
import { frozenClock } from '../../help/clock.ts'
import { heldService } from '../../help/service.ts'

const says = (status: number, body = ''): Reply => ({ status, headers: [], body: Buffer.from(body) })

function gathering(options: object = {}, names = ['a', 'b', 'c']) {
  const { service, taken } = heldService()
  const members = names.map(name => ({ name, worker: name, topic: `${name}.commands`, partition: null, service }))
  const parts = { members: () => members, partitionFor: () => 7 }
  return { ask: gather(parts, Gather.parse(options)), taken }
}

const jsonOf = ({ body }: Reply): unknown => JSON.parse(Buffer.from(body).toString())
const partial = ({ own }: Reply) => own?.find(([name]) => name === 'Sluice-Partial')?.[1]

test('one command goes to all, and the answer has all their replies', async () => {
  const { ask, taken } = gathering()
  const call = aCall()
  const answer = ask(call)
  deepEqual(
    taken.map(({ call }) => [call.worker, call.topic, call.partition, call.command]),
    ['a', 'b', 'c'].map(name => [name, `${name}.commands`, 7, `command-1.${name}`]),
  )
  taken[1]!.call.progress.outcome = 'sent'
  taken[2]!.reply(says(404))
  taken[0]!.reply(says(200, '{"price":12345678901234567890}'))
  taken[1]!.reply(says(200, 'plain'))
  const reply = await answer
  equal(
    Buffer.from(reply.body).toString(),
    '[{"part":"a","status":200,"body":{"price":12345678901234567890}},{"part":"b","status":200,"body":"plain"},{"part":"c","status":404}]',
  )
  deepEqual([reply.status, partial(reply), call.progress.outcome], [200, undefined, 'sent'])
})

test('as many replies as are wanted are enough, and what is too late changes nothing', async () => {
  const { ask, taken } = gathering({ complete: 2, as: 'object' })
  const answer = ask(aCall())
  taken[0]!.reply(says(500))
  taken[1]!.reply(says(200))
  taken[2]!.reply(says(204))
  const reply = await answer
  deepEqual(jsonOf(reply), { a: { status: 500 }, b: { status: 200 }, c: { status: 204 } })
  equal(partial(reply), undefined)
})

test('a reply that is looked for is enough by itself', async () => {
  const { ask, taken } = gathering({ until: { of: '/free', equals: true } })
  const answer = ask(aCall())
  taken[0]!.reply(says(200, '{"free":false}'))
  taken[1]!.reply(says(200, '{"free":true}'))
  deepEqual(jsonOf(await answer), [
    { part: 'a', status: 200, body: { free: false } },
    { part: 'b', status: 200, body: { free: true } },
    { part: 'c', status: 504, code: 'reply-timeout' },
  ])
})

test('what has come shortly before the deadline is the answer, marked as partial', async (t: TestContext) => {
  const clock = frozenClock(t)
  const { ask, taken } = gathering()
  const answer = ask(aCall({ deadline: later(2_000) }))
  taken[0]!.reply(says(200))
  taken[2]!.fail(new Problem('circuit-open', 'open'))
  await clock.advance(1_799)
  await clock.advance(1)
  const reply = await answer
  equal(partial(reply), '1/3')
  deepEqual(jsonOf(reply), [
    { part: 'a', status: 200 },
    { part: 'b', status: 504, code: 'reply-timeout' },
    { part: 'c', status: 503, code: 'circuit-open' },
  ])
  await clock.advance(1)
  equal(alarms(), 0)
})

test('when no more can come nobody waits for the deadline', async () => {
  const { ask, taken } = gathering()
  const answer = ask(aCall())
  taken[0]!.reply(says(200))
  taken[1]!.fail(new Problem('reply-timeout', 'silent'))
  taken[2]!.reply(says(503))
  equal(partial(await answer), '1/3')
})

test('with fewer replies than the minimum there is no answer, and who is missing is told', async () => {
  const { ask, taken } = gathering({ minimum: 2 })
  const call = aCall()
  const answer = ask(call)
  taken[0]!.reply(says(200))
  taken[1]!.fail(new Problem('no-worker', 'nobody'))
  taken[2]!.reply(says(500))
  await rejects(answer, {
    code: 'too-few-replies',
    message: '1 of 3 replies came, 2 are wanted: a answered 200, b no-worker, c answered 500.',
    observed: 1,
  })
})

test('when nothing was sent to anybody, the problem says so', async () => {
  const { ask, taken } = gathering()
  const answer = ask(aCall())
  for (const { fail } of taken) fail(new Problem('circuit-open', 'open'))
  await rejects(answer, { code: 'too-few-replies', outcome: 'not-sent' })
  await rejects(gathering({}, []).ask(aCall()), { code: 'too-few-replies', outcome: 'not-sent' })
})
