import { Problem } from '../../problem.ts'
import { codeName, codes } from './protocol.ts'

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
    case codes.invalidTopic:
    case codes.invalidRequiredAcks:
    case codes.invalidTimestamp:
    case codes.invalidRecord:
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
