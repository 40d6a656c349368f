import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { Problem } from '../../src/problem.ts'
import { History, lifeUntilNow } from '../../src/telemetry/history.ts'
import { listen } from '../../src/telemetry/listen.ts'
import { aCall } from '../help/call.ts'
import { aRecord } from '../help/record.ts'

const happened = (over: Partial<Happenings['finished']>): Happenings['finished'] => ({
  call: null,
  id: '1',
  route: 'place-order',
  method: 'POST',
  status: 201,
  outcome: 'sent',
  problem: null,
  ms: 10,
  clientGone: false,
  ...over,
})

test('the steps of a call add up to its time', () => {
  const history = new History(10)
  using _ = listen(history.listeners)
  const call = aCall()
  const reply = aRecord()
  Object.assign(call.progress, { sendings: 1, queueMs: 2, publishMs: 3, workerMs: 4, reply, outcome: 'sent' })
  events.finished.publish(happened({ call, id: 'c' }))
  deepEqual(
    history.find('c')?.steps.map(({ atMs, step }) => [atMs, step]),
    [
      [0, 'received'],
      [2, 'slot'],
      [3, 'sent'],
      [6, 'acknowledged'],
      [10, 'replied'],
      [10, 'answered'],
    ],
  )
})

test('what was refused before it was a call tells why', () => {
  const history = new History(10)
  using _ = listen(history.listeners)
  const problem = new Problem('unknown-route', 'There is no /x.')
  events.finished.publish(happened({ route: 'none', status: 404, outcome: 'not-sent', problem }))
  const life = history.find('1')
  deepEqual([life?.code, life?.worker, life?.steps.at(-2)?.detail], ['unknown-route', null, 'There is no /x.'])
})

test('the oldest is forgotten for the newest', () => {
  const history = new History(2)
  using _ = listen(history.listeners)
  for (const id of ['1', '2', '3']) events.finished.publish(happened({ id }))
  equal(history.find('1'), null)
  deepEqual(
    history.latest(5).map(({ id }) => id),
    ['3', '2'],
  )
})

test('a call that runs has no end yet', () => {
  const { status, ms, steps } = lifeUntilNow(aCall())
  deepEqual([status, ms, steps.at(-1)?.step], [null, null, 'waiting'])
})
