import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { History } from '../../src/telemetry/history.ts'
import { listen } from '../../src/telemetry/listen.ts'

const called = (over: Partial<Happenings['called']>): Happenings['called'] => ({
  id: 'ce-1',
  route: 'calls.shop',
  upstream: 'shop',
  asked: 'POST /orders',
  place: { topic: 'shop.commands', partition: 2, offset: 7n },
  sendings: 1,
  outcome: 'sent',
  status: 201,
  code: null,
  why: null,
  ms: 12.345,
  ...over,
})

test('a command that became a call is remembered beside the calls of clients', () => {
  const history = new History(10)
  using _ = listen(history.listeners)
  events.called.publish(called({}))
  events.called.publish(
    called({ id: 'ce-2', sendings: 3, status: null, code: 'exhausted', why: 'The upstream answered 503.' }),
  )
  events.called.publish(called({ id: 'ce-3', sendings: 0, status: null, outcome: 'not-sent', why: 'It has expired.' }))
  deepEqual(
    history.latest(3).map(({ id, status, code, ms, steps }) => [id, status, code, ms, steps.map(({ step }) => step)]),
    [
      ['ce-3', null, null, 12.35, ['received', 'ended']],
      ['ce-2', null, 'exhausted', 12.35, ['received', 'called', 'given up: exhausted']],
      ['ce-1', 201, null, 12.35, ['received', 'called', 'answered']],
    ],
  )
  deepEqual(
    history.find('ce-2')?.steps.map(({ detail }) => detail),
    ['POST /orders from shop.commands[2] at 7', 'the upstream shop, 3 times', 'The upstream answered 503.'],
  )
})
