import { test } from 'node:test'
import { deepEqual } from 'node:assert/strict'
import { judge } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import { anAnswer, refused } from './answer.ts'
import type { Answer } from './load.ts'
import type { Logged } from './topics.ts'

const aCommand = (id: string, over: Readonly<Record<string, string>> = {}): Logged => ({
  topic: 'orders.commands',
  partition: 0,
  offset: '0',
  headers: { ce_id: `ce-${id}`, 'sluice-attempt': '1', 'sluice-correlation-id': `c-${id}`, ...over },
  value: JSON.stringify({ orderId: id }),
})
const aReply = (correlation: string): Logged => ({
  topic: 'gateway.replies',
  partition: 0,
  offset: '0',
  headers: { 'sluice-correlation-id': correlation },
  value: '',
})
const aDeed = (id: string) => ({ id, command: `ce-${id}`, at: 1_005, expires: null })

/** Two requests: one served, one refused. */
const good: Ledger = {
  answers: [anAnswer('a'), anAnswer('b', refused)],
  sent: 2,
  deeds: [aDeed('a')],
  log: [aCommand('a'), aReply('c-a')],
  counted: { answered: 1, late: 0, duplicate: 0, other: 0, retries: 0 },
}
/** The figures that do not hold. */
const broken = (over: Partial<Ledger>): readonly string[] =>
  judge({ ...good, ...over })
    .filter(({ holds }) => holds === false)
    .map(({ name }) => name)

test('three records that agree break nothing', () => deepEqual(broken({}), []))

test('an answer that went to another request is found', () =>
  deepEqual(broken({ answers: [anAnswer('a', { echoed: 'b' }), anAnswer('b', refused)] }), [
    'I1 answers with another request’s id',
  ]))

test('a request without an answer, or with one without an outcome, is found', () => {
  deepEqual(broken({ sent: 3 }), ['I2 outcomes for each request'])
  const lost = anAnswer('b', { status: 0, outcome: '', echoed: null })
  deepEqual(broken({ answers: [anAnswer('a'), lost] }), ['I2 answers without an outcome'])
})

test('an answer later than its deadline and half a second is found, by the deadline of its kind', () => {
  const late = ['I2 answers later than deadline + 500 ms', 'I2 latest answer after its deadline']
  const at = (kind: Answer['kind'], ms: number) =>
    broken({ answers: [anAnswer('a'), anAnswer('b', { ...refused, kind, ended: 1_000 + ms })] })
  deepEqual(at('command', 5_499), [])
  deepEqual(at('command', 5_501), late)
  deepEqual(at('query', 2_501), late)
})

test('what was accepted, or called sent, and is not in the log is found', () => {
  const lost = 'I3 accepted or `sent`, and not in the log'
  const event = anAnswer('b', { kind: 'event', status: 202, echoed: null })
  deepEqual(broken({ answers: [anAnswer('a'), event] }), [lost])
  deepEqual(broken({ answers: [anAnswer('a'), anAnswer('b', { status: 504, echoed: null })] }), [lost])
  deepEqual(broken({ answers: [anAnswer('a'), event], log: [...good.log, { ...aCommand('b'), topic: 'facts' }] }), [])
})

test('what was called not sent and is in the log, or was done, is found', () => {
  deepEqual(broken({ log: [...good.log, aCommand('b')] }), ['I4 called `not-sent`, and in the log'])
  deepEqual(broken({ log: [...good.log, aCommand('b')], deeds: [aDeed('a'), aDeed('b')] }), [
    'I4 called `not-sent`, and in the log',
    'I4 called `not-sent`, and done',
  ])
})

test('a query is found again by the order in its path', () => {
  const query = { ...aCommand('b', { 'http-param-orderId': 'b' }), value: '' }
  deepEqual(broken({ log: [...good.log, query] }), ['I4 called `not-sent`, and in the log'])
})

test('a second record of one sending, and a second command of one request, are found', () => {
  deepEqual(broken({ log: [...good.log, aCommand('a')] }), ['I5 records beyond one for each command and sending'])
  deepEqual(broken({ log: [...good.log, aCommand('a', { 'sluice-attempt': '2' })] }), [])
  deepEqual(broken({ log: [...good.log, aCommand('a', { ce_id: 'another' })] }), ['I5 requests with two commands'])
})

test('more repetitions than a tenth of the requests and the floor are found', () => {
  deepEqual(broken({ counted: { ...good.counted, retries: 3 } }), [])
  deepEqual(broken({ counted: { ...good.counted, retries: 4 } }), ['I5 sendings'])
})

test('what was answered and not done, or done and never asked, is found', () => {
  deepEqual(broken({ deeds: [] }), ['I3 answered, and not done by the worker'])
  deepEqual(broken({ deeds: [aDeed('a'), { ...aDeed('z'), command: 'unknown' }] }), ['I3 done, and not in the log'])
})

test('a reply is late when its call was not answered, a duplicate when it was, and each is to be counted so', () => {
  const doubt = anAnswer('b', { status: 504, outcome: 'in-doubt', echoed: null })
  const log = [...good.log, aCommand('b'), aReply('c-b'), aReply('c-b'), aReply('c-a'), aReply('whose?')]
  const over = { answers: [anAnswer('a'), doubt], log }
  deepEqual(broken({ ...over, counted: { answered: 1, late: 2, duplicate: 1, other: 1, retries: 0 } }), [])
  deepEqual(broken(over), ['replies counted as late', 'replies counted as duplicate', 'replies counted as other'])
})
