import type { Signal } from '../../aborter.ts'
import type { Reply } from '../../call.ts'
import { Problem } from '../../problem.ts'
import type { Outcome } from '../../problem.ts'
import { accountOf } from '../processes/account.ts'
import { endingOf } from './claims.ts'
import { isId, timeOf } from './event.ts'
import type { Operations } from './operations.ts'
import { accepted, stateOf } from './state.ts'
import type { State } from './state.ts'
import { versionOf } from './entry.ts'
import type { Operation } from './entry.ts'

/** Something that happened to an operation, as its client is told; `id` grows with each. */
export type Told = Readonly<{ id: number; kind: string; data: Readonly<Record<string, unknown>>; last: boolean }>

/** An operation as its client finds it at one moment. */
export type Seen = Readonly<{
  state: State
  version: number // another for each state
  answer: Reply | Problem // 202 while it is pending
  told: readonly Told[] // what is remembered of it, the oldest first
  outcome: Outcome // of its command
}>

/** The operations of clients: each sees its own alone. All throw not-ready while the log is still being read. */
export type Resources = Readonly<{
  path: string
  find: (client: string, id: string) => Promise<Seen | null>
  list: (client: string, limit: number, after: string | null) => readonly State[]
  /** Asks its worker to stop. Throws operation-running when it does not, and what publishing throws. */
  cancel: (client: string, id: string) => Promise<Seen | null>
  /** Resolves when it is as wanted or unknown, after `limitMs` at the latest, or when the signal aborts. */
  until: (id: string, wanted: (now: Seen) => boolean, limitMs: number, signal: Signal) => Promise<Seen | null>
}>

/** What another instance has accepted a moment ago may not have been read here yet. */
const arrivalMs = 300

type ResourceOptions = Readonly<{
  path: string
  retryAfterMs: number
  cancelled: (operation: Operation) => Promise<Operation | null>
}>

export function resources(operations: Operations, { path, retryAfterMs, cancelled }: ResourceOptions): Resources {
  const see = (operation: Operation): Seen => {
    const waits = !operations.view.has(operation.id) // on our disk, and may be sent at any time
    const answer = endingOf(operation) ?? accepted(operation, path, retryAfterMs)
    return {
      state: stateOf(operation),
      version: versionOf(operation),
      answer,
      told: waits && operation.ending === null ? [] : toldOf(operation),
      outcome: answer instanceof Problem ? answer.outcome : waits ? 'in-doubt' : 'sent',
    }
  }
  const seen = (operation: Operation | null): Seen | null => (operation === null ? null : see(operation))
  /** What is not read yet must not be taken for what is not there. */
  const whole = (): void => {
    const unread = operations.unread()
    if (unread !== null) throw unread
  }
  const find = async (client: string, id: string): Promise<Operation | null> => {
    whole()
    if (!isId(id)) return null
    const known = operations.view.get(id) ?? (await operations.until(id, now => now !== null, arrivalMs))
    return known?.accepted.client === client ? known : null
  }
  return {
    path,
    find: async (client, id) => seen(await find(client, id)),
    cancel: async (client, id) => {
      const known = await find(client, id)
      return known === null ? null : seen(await cancelled(known))
    },
    list: (client, limit, after) => {
      whole()
      return operations.view.of(client, limit, after).map(stateOf)
    },
    until: async (id, wanted, limitMs, signal) =>
      seen(await operations.until(id, now => now === null || wanted(see(now)), limitMs, signal)),
  }
}

function toldOf({ id, accepted, begun, progress, ending, run }: Operation): readonly Told[] {
  const all: Told[] = [{ id: begun, kind: 'accepted', data: { id, at: timeOf(accepted.at) }, last: false }]
  if (progress !== null) {
    const { percent, note, at } = progress.said
    all.push({ id: progress.offset, kind: 'progress', data: { percent, note, at: timeOf(at) }, last: false })
  }
  if (run !== null && run.n > 0) all.push({ id: run.offset, kind: 'steps', data: accountOf(run), last: false })
  if (ending !== null) {
    const { said, offset } = ending
    const status = said.kind === 'completed' ? { status: said.reply().status } : {}
    all.push({ id: offset, kind: said.kind, data: { at: timeOf(said.at), ...status }, last: true })
  }
  return all
}
