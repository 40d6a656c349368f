import type { EpochMs } from '../../clock.ts'
import type { Problem } from '../../problem.ts'
import type { Outgoing } from '../broker.ts'
import { write } from '../operations/event.ts'
import type { Ending } from '../operations/event.ts'
import { unpackCommand } from './packed.ts'
import type { Waiting } from './packed.ts'
import type { Row } from './table.ts'

/** What is known of the operations whose commands wait on disk. */
export type Operating = Readonly<{
  begin: (id: string) => void // its command is about to be sent
  isUnsent: (id: string) => boolean
}>
/** A record to be written; its partition is that of `place`, or any where that is null. */
export type Sending = Pick<Outgoing, 'topic' | 'key' | 'value' | 'headers' | 'acks'> &
  Readonly<{ place: Uint8Array | null }>

/**
 * What is written of a row, in this order. Of a command that is its operation, and then itself; of one that has expired it is
 * the operation and its end, which tells whether the command was ever sent.
 */
export function sendingsOf(row: Row, now: EpochMs, operating: Operating | null): readonly Sending[] {
  const { topic, key, value, acks } = row
  const { headers, waiting } = unpackCommand(row.headers)
  const own: Sending = { topic, key, value, headers, acks, place: key }
  if (waiting === null) return [own]
  const { id, accepted, inDoubt } = waiting
  if (accepted.expires > now) {
    operating?.begin(id)
    return [written(waiting, accepted), own]
  }
  const outcome = !inDoubt && operating?.isUnsent(id) === true ? 'not-sent' : 'in-doubt'
  return [written(waiting, accepted), written(waiting, { kind: 'expired', at: now, outcome })]
}

/** What is written when the brokers refuse a row for good: how the operation of its command ends. */
export function refusalOf(row: Row, { code, message: detail, outcome }: Problem, at: EpochMs): readonly Sending[] {
  const { waiting } = unpackCommand(row.headers)
  return waiting === null ? [] : [written(waiting, { kind: 'failed', code, detail, outcome, at })]
}

const written = ({ topic, id }: Waiting, event: Ending | Waiting['accepted']): Sending => {
  const { key, value, headers } = write(id, event)
  return { topic, key: Buffer.from(key), value, headers, acks: 'all', place: Buffer.from(id) }
}
