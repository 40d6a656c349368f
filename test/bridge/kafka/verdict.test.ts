import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { Problem } from '../../../src/problem.ts'
import { codes } from '../../../src/bridge/kafka/protocol.ts'
import { notHandedOver, refusedBy, unconfirmed } from '../../../src/bridge/kafka/verdict.ts'

const table: readonly [keyof typeof codes, string, string][] = [
  ['notEnoughReplicas', 'broker-unavailable', 'not-sent'],
  ['messageTooLarge', 'too-large', 'not-sent'],
  ['recordListTooLarge', 'too-large', 'not-sent'],
  ['topicAuthorizationFailed', 'topic-forbidden', 'not-sent'],
  ['clusterAuthorizationFailed', 'topic-forbidden', 'not-sent'],
  ['invalidTopic', 'internal', 'not-sent'],
  ['invalidRecord', 'invalid-request', 'not-sent'],
  ['requestTimedOut', 'publish-timeout', 'in-doubt'],
  ['notEnoughReplicasAfterAppend', 'publish-timeout', 'in-doubt'],
  ['notLeaderOrFollower', 'publish-timeout', 'in-doubt'],
  ['unknownTopicOrPartition', 'publish-timeout', 'in-doubt'],
  ['kafkaStorageError', 'publish-timeout', 'in-doubt'],
]
for (const [code, problem, outcome] of table)
  test(`${code} as the answer to a produce request is ${problem}, ${outcome}`, () => {
    equal(refusedBy(codes[code], 't').code, problem)
    equal(refusedBy(codes[code], 't').outcome, outcome)
  })

test('an answer that nobody listed leaves the record in doubt', () => {
  equal(refusedBy(-1, 't').outcome, 'in-doubt')
  equal(refusedBy(4_711, 't').outcome, 'in-doubt')
})

test('what was not handed over is not sent, whatever the reason says', () => {
  equal(notHandedOver(new Problem('publish-timeout', 'hung')).code, 'broker-unavailable')
  for (const reason of [
    new Problem('publish-timeout', 'hung'),
    new Problem('deadline-exceeded', 'late', { outcome: 'sent' }),
    new Error('gone'),
    'gone',
    undefined,
  ])
    equal(notHandedOver(reason).outcome, 'not-sent')
  equal(notHandedOver(new Problem('client-gone', 'left')).code, 'client-gone')
})

test('what was handed over and not confirmed is in doubt', () => {
  equal(unconfirmed('lost').outcome, 'in-doubt')
})
