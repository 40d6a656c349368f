import { Problem } from '../../problem.ts'
import type { Acks } from '../broker.ts'
import { codeName, codes } from './protocol.ts'

/**
 * What is to become of a batch that was answered. `unknown` goes again as it is, since the brokers keep one of two with the same
 * number; `moved` goes to another leader and `out-of-order` with new numbers, as it is certainly not in the log; `unnumbered` without any; `too-many` in
 * smaller ones.
 */
export type Fate = 'written' | 'unknown' | 'moved' | 'out-of-order' | 'unnumbered' | 'too-many' | 'refused'
type Asked = Readonly<{ acks: Acks; records: Readonly<{ length: number }>; number: unknown; doubtful: boolean }>

const refused = (): Fate => 'refused'
const renumbered = ({ number, doubtful }: Asked): Fate => (number !== null && !doubtful ? 'out-of-order' : 'refused')
const split = ({ records, doubtful }: Asked): Fate => (records.length > 1 && !doubtful ? 'too-many' : 'refused')
const again = ({ number }: Asked): Fate => (number === null ? 'refused' : 'unknown')
// who waits for no other replica cannot lose the leadership after the append
const moved = (asked: Asked): Fate => (asked.acks === 'leader' ? 'moved' : again(asked))

const fates = new Map<number, (asked: Asked) => Fate>([
  [codes.none, () => 'written'],
  [codes.duplicateSequenceNumber, ({ number }) => (number === null ? 'refused' : 'written')],
  [codes.outOfOrderSequenceNumber, renumbered],
  [codes.unknownProducerId, renumbered],
  [codes.invalidProducerEpoch, renumbered],
  [codes.clusterAuthorizationFailed, asked => (renumbered(asked) === 'out-of-order' ? 'unnumbered' : 'refused')],
  [codes.messageTooLarge, split],
  [codes.recordListTooLarge, split],
  [codes.invalidRecord, split],
  [codes.notEnoughReplicas, ({ doubtful }) => (doubtful ? 'unknown' : 'refused')],
  [codes.topicAuthorizationFailed, refused],
  [codes.invalidTopic, refused],
  [codes.invalidRequiredAcks, refused],
  [codes.invalidTimestamp, refused],
  [codes.notLeaderOrFollower, moved],
  [codes.unknownTopicOrPartition, moved],
])

/** `code` is undefined where the broker answered nothing. A batch that may be in the log already is never given other numbers. */
export const fateOf = (code: number | undefined, asked: Asked): Fate =>
  ((code === undefined ? undefined : fates.get(code)) ?? again)(asked)

/**
 * What became of records whose produce request was answered with an error. `not-sent` only where the broker refuses before
 * it appends; leadership can be lost after the append, so that even NOT_LEADER_OR_FOLLOWER leaves it in doubt.
 */
export function refusedBy(code: number, topic: string): Problem {
  const detail = `The broker answered ${codeName(code)} for ${topic}.`
  switch (code) {
    case codes.messageTooLarge:
    case codes.recordListTooLarge:
      return new Problem('too-large', detail)
    case codes.topicAuthorizationFailed:
    case codes.clusterAuthorizationFailed:
      return new Problem('topic-forbidden', detail)
    case codes.notEnoughReplicas:
      return new Problem('broker-unavailable', detail)
    case codes.invalidRecord:
      return new Problem('invalid-request', `${detail} A compacted topic takes no record without a key.`)
    case codes.invalidTopic:
    case codes.invalidRequiredAcks:
    case codes.invalidTimestamp:
      return new Problem('internal', detail, { outcome: 'not-sent' })
    default:
      return new Problem('publish-timeout', detail)
  }
}

/** Taken out of our buffer, or never handed over: whatever the reason says, it is not in the log. */
export function notHandedOver(reason: unknown): Problem {
  if (reason instanceof Problem) {
    if (reason.code === 'publish-timeout')
      return new Problem('broker-unavailable', `${reason.message} It was never handed over.`)
    return reason.withOutcome('not-sent')
  }
  return new Problem('broker-unavailable', reason instanceof Error ? reason.message : String(reason), { cause: reason })
}

/** Handed over, and nobody said what became of it. */
export const unconfirmed = (why: string, cause?: unknown): Problem =>
  new Problem('publish-timeout', why, cause === undefined ? {} : { cause })

/** Not handed over, as the brokers let us send nothing at present. */
export const heldBack = (mutedMs: number): Problem =>
  new Problem(
    'broker-quota',
    `The brokers hold this client back for ${Math.ceil(mutedMs)} ms more: its producer_byte_rate or request_percentage is used up.`,
    { retryAfterMs: Math.ceil(mutedMs), violated: ['producer_byte_rate'] },
  )
