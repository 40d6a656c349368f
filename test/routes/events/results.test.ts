import { test } from 'node:test'
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import type { Result } from '../../../src/routes/events/batch.ts'
import { answerOf } from '../../../src/routes/events/results.ts'

const accepted = (id: string, own: Reply['own'] = []): Result => ({
  reply: { status: 202, headers: [], body: Buffer.from(JSON.stringify({ id })), own },
})
const refused = (code: 'invalid-request' | 'broker-unavailable', outcome: Problem['outcome'] = 'not-sent'): Result => ({
  problem: new Problem(code, 'why'),
  outcome,
})
const answered = (results: readonly Result[], outcome: Problem['outcome'] = 'sent') => {
  const answer = answerOf('call-1', { results, outcome })
  if (answer instanceof Problem) throw answer
  return { status: answer.status, json: JSON.parse(Buffer.from(answer.body).toString()) as Record<string, unknown> }
}

test('all accepted is 202, with the id and the position of each', () => {
  deepEqual(answered([accepted('a', [['Sluice-Position', 'p']]), accepted('b')]), {
    status: 202,
    json: {
      accepted: 2,
      refused: 0,
      events: [
        { status: 202, position: 'p', id: 'a' },
        { status: 202, id: 'b' },
      ],
    },
  })
  deepEqual(answered([]).json, { accepted: 0, refused: 0, events: [] })
})

test('outcomes that differ are 207, each what its event would be answered alone', () => {
  const { status, json } = answered([
    accepted('a'),
    refused('invalid-request'),
    refused('broker-unavailable', 'in-doubt'),
  ])
  equal(status, 207)
  deepEqual([json['accepted'], json['refused']], [1, 2])
  const [, bad, away] = json['events'] as readonly Record<string, unknown>[]
  deepEqual([bad?.['status'], bad?.['code'], bad?.['outcome']], [400, 'invalid-request', 'not-sent'])
  deepEqual([away?.['status'], away?.['code'], away?.['outcome']], [503, 'broker-unavailable', 'in-doubt'])
})

test('one problem of all is the answer itself, with the strongest outcome', () => {
  const answer = answerOf('call-1', {
    results: [refused('broker-unavailable'), refused('broker-unavailable', 'in-doubt')],
    outcome: 'in-doubt',
  })
  ok(answer instanceof Problem)
  deepEqual([answer.code, answer.outcome], ['broker-unavailable', 'in-doubt'])
})
