import type { ModeName } from '../../../config/schema/index.ts'
import type { Call, Policy, QuotaPolicy, QuotaState } from '../../call.ts'
import { Problem } from '../../problem.ts'
import { refusal } from '../refusal.ts'
import { said } from './windows.ts'

/** Why a call is refused: the policies that have no room, what the first would count with it, and when there is room in all. */
export type Lack = Readonly<{ policies: readonly QuotaPolicy[]; observed: number; waitMs: number }>

/** What each client has spent of each policy. Throws nothing and waits for nothing. */
export interface Ledger<Account> {
  /** The client's account, as it is now. */
  of(client: string): Account
  /** Takes one request and its bytes from every policy: null; or from none, and says why. */
  take(account: Account, bytes: number): Lack | null
  states(account: Account): readonly QuotaState[]
}

/** What each client may send to one route. Throws rate-limited with the wait. */
export function quota<Out, Account>(ledger: Ledger<Account>, mode: ModeName): Policy<Call, Out> {
  const refuse = refusal('quota', mode)
  const observed = mode !== 'enforce'
  return next =>
    function quota(call) {
      const account = ledger.of(call.account ?? call.client)
      const lack = ledger.take(account, call.body.length)
      if (!observed) call.progress.quota = ledger.states(account) // nobody should slow down for what is only observed
      if (lack === null) return next(call)
      const refused = refuse(call, problemOf(lack))
      return refused === null ? next(call) : Promise.reject(refused)
    }
}

function problemOf({ policies, observed, waitMs }: Lack): Problem {
  const [first] = policies
  return new Problem('rate-limited', first === undefined ? 'The quota is used up.' : said(first), {
    policy: 'quota',
    retryAfterMs: waitMs,
    violated: policies.map(({ name }) => name),
    limit: first?.limit,
    observed,
  })
}
