import { test } from 'node:test'
import { deepEqual, equal } from 'node:assert/strict'
import type { EpochMs } from '../../../src/clock.ts'
import { read } from '../../../src/bridge/operations/event.ts'
import { kept } from '../../../src/bridge/spool/packed.ts'
import { refusalOf, sendingsOf } from '../../../src/bridge/spool/sendings.ts'
import type { Sending } from '../../../src/bridge/spool/sendings.ts'
import type { Row } from '../../../src/bridge/spool/table.ts'
import { Problem } from '../../../src/problem.ts'
import { anAccepted } from '../../help/operations.ts'

const id = `o${'a'.repeat(22)}`
const headers = [
  ['sluice-expires', Buffer.from('2000')],
  ['ce_id', Buffer.from('c')],
] as const

/** The row of a command that expires at 2000. */
function aRow(inDoubt = false): Row {
  const record = { topic: 'orders', partition: 0, key: Buffer.from('k'), value: Buffer.from('v'), headers }
  const operation = { topic: 'log', id, accepted: anAccepted({ expires: 2_000 }) }
  const signal = new AbortController().signal
  return { ...kept({ ...record, acks: 'all', signal, operation }, 1_000 as EpochMs, inDoubt), seq: 1, reason: null }
}
const at = (ms: number): EpochMs => ms as EpochMs
/** The event of the log that is written. */
const told = ({ topic, key, value, headers }: Sending | undefined = {} as Sending) => {
  const event = read({ topic, partition: 0, offset: 0n, timestamp: 0, key, value, headers })?.event
  return event === undefined || event === 'forgotten' ? null : event
}
const operating = (unsent: boolean, begun: string[] = []) => ({
  begin: (one: string) => void begun.push(one),
  isUnsent: () => unsent,
})

test('an operation is written before its command, which keeps the time after which it is not wanted', () => {
  const begun: string[] = []
  const [first, second, ...rest] = sendingsOf(aRow(), at(1_999), operating(true, begun))
  deepEqual([first?.topic, told(first)?.kind, String(first?.place)], ['log', 'accepted', id])
  deepEqual([second?.topic, second?.headers], ['orders', headers.map(([name, value]) => [name, value])])
  deepEqual([rest, begun], [[], [id]])
})

test('a command that has expired is not sent, and its operation tells so', () => {
  const begun: string[] = []
  const [first, second, ...rest] = sendingsOf(aRow(), at(2_000), operating(true, begun))
  deepEqual([told(first)?.kind, rest, begun], ['accepted', [], []])
  deepEqual(told(second), { kind: 'expired', at: 2_000, outcome: 'not-sent' })
})

test('what may have been sent before is in doubt when it expires, and so it is where nobody knows', () => {
  for (const [row, known] of [
    [aRow(true), operating(true)],
    [aRow(), operating(false)],
    [aRow(), null],
  ] as const)
    deepEqual(told(sendingsOf(row, at(2_000), known)[1]), { kind: 'expired', at: 2_000, outcome: 'in-doubt' })
})

test('a command that the brokers refuse for good ends its operation, an event has none', () => {
  const [end] = refusalOf(aRow(), new Problem('too-large', 'x'), at(1_500))
  deepEqual(told(end), { kind: 'failed', code: 'too-large', detail: 'x', outcome: 'not-sent', at: 1_500 })
  equal(refusalOf({ ...aRow(), headers: '[]' }, new Problem('too-large', 'x'), at(1)).length, 0)
})
