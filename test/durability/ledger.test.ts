import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { failing } from '../../src/lab/verdict.ts'
import type { Logged } from '../faults/topics.ts'
import type { Attempt } from './clients.ts'
import { judge } from './ledger.ts'
import type { Ledger } from './ledger.ts'

const attempt = (id: string, part: Partial<Attempt> = {}): Attempt => ({
  id,
  kind: 'order',
  begun: 0,
  ended: 1,
  status: 201,
  outcome: 'sent',
  code: '',
  echoed: id,
  spooled: false,
  ...part,
})
const logged = (id: string, command = `ce-${id}`): Logged => ({
  topic: 'orders',
  partition: 0,
  offset: '0',
  headers: { ce_id: command },
  value: JSON.stringify({ orderId: id }),
})
const deed = (id: string, command = `ce-${id}`) => ({ id, command, at: 0, expires: null })
const sound: Ledger = {
  sent: 2,
  attempts: [attempt('a'), attempt('b', { kind: 'fact', status: 202, echoed: null })],
  deeds: [deed('a')],
  log: [logged('a'), logged('b')],
}
const wrong = (part: Partial<Ledger>): readonly string[] =>
  failing(judge({ ...sound, ...part })).map(({ name }) => name.split(' ').slice(0, 2).join(' '))

test('records that agree hold, also when something is there twice under one identity', () => {
  deepEqual(wrong({}), [])
  deepEqual(wrong({ log: [...sound.log, logged('b')], deeds: [deed('a'), deed('a')] }), [])
})

test('what was accepted and is not there, or was not executed, is lost', () => {
  deepEqual(wrong({ log: [logged('a')] }), ['I3 lost:'])
  deepEqual(wrong({ deeds: [] }), ['I3 lost:'])
})

test('a second identity for one request is told, in the topic and among what was executed', () => {
  deepEqual(wrong({ log: [...sound.log, logged('b', 'other')] }), ['I5 doubled'])
  deepEqual(wrong({ deeds: [deed('a'), deed('a', 'other')] }), ['I5 executed'])
})

test('what was called not sent each time must not be there; what was in doubt once may', () => {
  const refused = attempt('b', { kind: 'fact', status: 503, outcome: 'not-sent', echoed: null })
  const cut = attempt('b', { kind: 'fact', status: 0, outcome: '', echoed: null })
  deepEqual(wrong({ attempts: [attempt('a'), refused] }), ['I4 called'])
  deepEqual(wrong({ attempts: [attempt('a'), refused, cut] }), [])
})

test('another order’s answer, a request without an end, and an order that is never answered are told', () => {
  deepEqual(wrong({ attempts: [attempt('a', { echoed: 'x' }), attempt('b', { kind: 'fact' })] }), ['I1 answers'])
  deepEqual(wrong({ sent: 3 }), ['I2 requests'])
  const cut = attempt('a', { status: 0, outcome: '', echoed: null })
  deepEqual(wrong({ attempts: [cut, attempt('b', { kind: 'fact' })] }), ['orders never'])
})
