import type { ModeName, TenantsOptions } from '../../config/schema/index.ts'
import { ask } from '../call.ts'
import type { Call, Policy } from '../call.ts'
import { now } from '../clock.ts'
import { Problem } from '../problem.ts'
import { Buckets, policiesOf, RecentClients, said } from './quota/index.ts'
import type { Lack } from './quota/index.ts'
import { refusal, soon } from './refusal.ts'

/** What one tenant uses at present. */
type Account = { readonly buckets: Buckets | null; readonly most: number; inFlight: number }
type Limits = Pick<TenantsOptions['of'][string], 'quota' | 'inFlight'>

const unlistedMs = 600_000
const mostUnlisted = 10_000

/** What each tenant may use, over all routes: what one has too much of is refused to it, and nobody else notices. */
export class Tenants {
  readonly mode: ModeName
  readonly #listed: ReadonlyMap<string, Account>
  readonly #others: RecentClients<Account>

  constructor({ mode, of, others = {} }: TenantsOptions) {
    this.mode = mode
    this.#listed = new Map(Object.entries(of).map(([name, limits]) => [name, accountOf(limits)]))
    const remembered = { windowMs: Math.max(unlistedMs, others.quota?.windowMs ?? 0), clients: mostUnlisted }
    this.#others = new RecentClients(() => accountOf(others), remembered)
  }

  of(tenant: string): Account {
    return this.#listed.get(tenant) ?? this.#others.of(tenant, now())
  }

  /** By name, of those that are listed: for people. */
  get state(): Readonly<Record<string, Readonly<{ inFlight: number }>>> {
    return Object.fromEntries(Array.from(this.#listed, ([name, { inFlight }]) => [name, { inFlight }]))
  }
}

const accountOf = ({ quota, inFlight = Infinity }: Limits): Account => ({
  buckets: quota === undefined || quota.mode === 'off' ? null : new Buckets(policiesOf(quota)),
  most: inFlight,
  inFlight: 0,
})

/** Keeps a tenant to what it may use. Throws rate-limited and bulkhead-full. */
export function tenants<Out>(all: Tenants, mode: ModeName): Policy<Call, Out> {
  const refuse = refusal('tenant', mode)
  return next =>
    function tenants(call) {
      if (call.tenant === undefined) return next(call)
      const account = all.of(call.tenant.name)
      const problem = lackOf(account, call)
      const refused = problem === null ? null : refuse(call, problem)
      if (refused !== null) return Promise.reject(refused)
      if (account.most === Infinity) return next(call)
      account.inFlight++
      return ask(next, call).finally(() => account.inFlight--)
    }
}

/** It takes what it asks for where it can. */
function lackOf({ buckets, most, inFlight }: Account, call: Call): Problem | null {
  if (inFlight >= most)
    return new Problem('bulkhead-full', `${inFlight} calls of the tenant run (at most ${most}).`, {
      retryAfterMs: soon(),
      limit: most,
      observed: inFlight + 1,
    })
  const lack = buckets === null ? null : buckets.take(buckets.of(''), call.body.length)
  return lack === null ? null : quotaProblem(lack)
}

const quotaProblem = ({ policies: [first], waitMs, observed }: Lack): Problem =>
  new Problem('rate-limited', `Of the tenant: ${first === undefined ? 'its quota is used up.' : said(first)}`, {
    retryAfterMs: waitMs,
    violated: ['tenant'],
    limit: first?.limit,
    observed,
  })
