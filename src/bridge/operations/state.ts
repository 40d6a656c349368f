import type { Pair, Reply } from '../../call.ts'
import { accountOf } from '../processes/account.ts'
import type { Account } from '../processes/account.ts'
import { timeOf } from './event.ts'
import type { Called } from './event.ts'
import type { Operation } from './entry.ts'

/** An operation as its client sees it. */
export type State = Readonly<{
  id: string
  state: 'pending' | 'completed' | 'failed' | 'cancelled' | 'expired'
  route: string
  created: string // RFC 3339
  expires?: string // of a process there is no such time
  ended?: string
  percent?: number
  note?: string
  callback?: 'pending' | Called['result'] // whether its callback was told of its end
  process?: string
  phase?: string
  steps?: Account['steps']
}>

export function stateOf({ id, accepted, progress, ending, callback, run }: Operation): State {
  const { route, at, expires } = accepted
  return {
    id,
    state: ending?.said.kind ?? 'pending',
    route,
    created: timeOf(at),
    ...(run === null && { expires: timeOf(expires) }),
    ...(ending !== null && { ended: timeOf(ending.said.at) }),
    ...(run !== null && accountOf(run)),
    ...(progress !== null && { percent: progress.said.percent, note: progress.said.note }),
    ...(accepted.callback !== undefined && { callback: callback?.said?.said.result ?? 'pending' }),
  }
}

const json: readonly Pair[] = [['content-type', 'application/json']]

/** 202: where the operation is found, and when to look. */
export const accepted = (operation: Operation, path: string, retryAfterMs: number): Reply => ({
  status: 202,
  headers: json,
  own: [
    ['Location', `${path}/${operation.id}`],
    ['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))],
  ],
  body: Buffer.from(JSON.stringify(stateOf(operation))),
})
