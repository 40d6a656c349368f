import type { IdempotencyOptions, ModeName } from '../../../config/schema/index.ts'
import type { Claimed, Held, Holding } from '../../bridge/operations/index.ts'
import type { Call, Policy, Reply } from '../../call.ts'
import { until } from '../../clock.ts'
import { events } from '../../events.ts'
import type { ReplayResult } from '../../events.ts'
import { Problem, strongest } from '../../problem.ts'
import { refusal } from '../refusal.ts'
import type { Refuse } from '../refusal.ts'
import { commandOf, fingerprintOf, scopeOf } from './fingerprint.ts'

/** Who decides whose a key is. */
export type Claims = Readonly<{
  claim: (call: Call, holding: Holding) => Promise<Claimed>
  release: (id: string) => Promise<void>
}>
export type ReplayOptions = Omit<IdempotencyOptions, 'mode'> & Readonly<{ mode: ModeName }>

const policy = 'replay'

/**
 * Runs a command once for each Idempotency-Key of its client, and answers every repetition as the first
 * (draft-ietf-httpapi-idempotency-key-header). The key is freed again only by what is certainly not sent, or by its window.
 * Throws key-missing, key-in-flight, key-reused, or how the first request failed.
 */
export function replay(claims: Claims, options: ReplayOptions): Policy<Call, Reply> {
  const refuse = refusal(policy, options.mode)
  return next =>
    async function replay(call) {
      const key = keyOf(call, options, refuse)
      if (key === null || options.mode !== 'enforce') return await next(call)
      const fingerprint = fingerprintOf(call)
      const scope = scopeOf(call, key === derived ? fingerprint : key)
      const claimed = await claims.claim(call, { scope, fingerprint })
      if (claimed.kind === 'held') return await repeated(call, claimed, fingerprint, options, refuse)
      tell(call, 'first')
      const { id, secret } = claimed
      try {
        const reply = await next({ ...call, command: commandOf(scope), claimed: { id, secret } })
        if (call.progress.outcome === 'not-sent') void claims.release(id) // somebody else answered
        return reply
      } catch (error) {
        const { outcome } = Problem.from(error)
        if (strongest(outcome, call.progress.outcome) === 'not-sent') void claims.release(id)
        throw error
      }
    }
}

const derived = Symbol('derived')

function keyOf(call: Call, options: ReplayOptions, refuse: Refuse): string | typeof derived | null {
  if (call.repeat !== null) return call.repeat
  if (options.key === 'derived') return derived
  if (options.key === 'optional') return null
  const problem = refuse(call, new Problem('key-missing', 'The request has no Idempotency-Key.'))
  if (problem !== null) throw problem
  return null
}

type HeldBefore = Extract<Claimed, { kind: 'held' }>

async function repeated(
  call: Call,
  { fingerprint: first, holder }: HeldBefore,
  fingerprint: string,
  options: ReplayOptions,
  refuse: Refuse,
): Promise<Reply> {
  const window = `Keys are kept for ${Math.round(options.windowMs / 1_000)} s.`
  if (first !== fingerprint) {
    tell(call, 'reused')
    const problem = new Problem('key-reused', `The key came before with another request. ${window}`)
    throw refuse(call, problem) ?? problem
  }
  call.progress.outcome = 'sent' // by the first
  const end = await endOf(call, holder, options)
  if (end === null) {
    tell(call, 'in-flight')
    const problem = new Problem('key-in-flight', `The first request with this key still runs. ${window}`, {
      retryAfterMs: 1_000,
    })
    throw refuse(call, problem) ?? problem
  }
  tell(call, 'replayed')
  if (end instanceof Problem) throw end
  return { ...end, own: [...(end.own ?? []), ['Idempotency-Replayed', 'true']] }
}

/** How the first request ended; 202 where this one would take an operation; null while it runs. */
async function endOf(call: Call, holder: Held, { inFlight }: ReplayOptions): Promise<Reply | Problem | null> {
  const { accepts, deadline } = call
  if (accepts === null && inFlight === 'conflict') return holder.ending()
  const end = holder.ending() ?? (await holder.wait(call, until(accepts ?? deadline)))
  if (end !== null || accepts === null) return end
  call.progress.accepted = true
  return holder.pending()
}

function tell({ route }: Call, result: ReplayResult): void {
  if (events.replay.hasSubscribers) events.replay.publish({ route, result })
}
