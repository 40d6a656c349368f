import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import { later } from '../../../src/clock.ts'
import { cancelHeaders, noteOf, noticeHeaders, noticeOf, readCommand } from '../../../src/bridge/wire/index.ts'
import type { Notice } from '../../../src/bridge/wire/index.ts'
import { aRecord, bytes, pairs } from '../../help/record.ts'

test('a notice is read as it was written, in every dialect', () => {
  const notices: readonly Notice[] = [
    { kind: 'progress', percent: 12.5 },
    { kind: 'cancelled' },
    { kind: 'not-cancelled' },
  ]
  for (const dialect of ['sluice', 'spring', 'zilla'] as const)
    for (const notice of notices)
      deepEqual(noticeOf(aRecord({ headers: noticeHeaders(dialect, bytes('op.x'), notice) })), notice)
})

test('a reply is no notice, and a percentage is one whatever it says', () => {
  equal(noticeOf(aRecord({ headers: pairs({ 'sluice-status': '200' }) })), null)
  for (const [said, percent] of [
    ['-5', 0],
    ['1e9', 100],
    ['much', 0],
  ] as const)
    deepEqual(noticeOf(aRecord({ headers: pairs({ 'sluice-progress': said }) })), { kind: 'progress', percent })
})

test('a note is cut at 1,024 characters', () => {
  equal(noteOf(aRecord({ value: bytes('x'.repeat(5_000)) })).length, 1_024)
  equal(noteOf(aRecord({ value: null })), '')
})

test('a worker tells a cancel record from a command', () => {
  const headers = cancelHeaders({
    dialect: 'sluice',
    command: 'c-1',
    correlation: 'op.x.y',
    expires: later(1_000),
    reply: { topic: 'replies', partition: 3 },
  })
  const origin = readCommand('sluice', aRecord({ headers, value: null }))!
  deepEqual([origin.cancels, origin.commandId, origin.replyTopic, origin.replyPartition], [true, 'c-1', 'replies', 3])
  equal(readCommand('sluice', aRecord({ headers: headers.slice(1) }))?.cancels, false)
})
