import type { RouteOptions } from '../../config/schema/index.ts'
import type { Pair, Priority } from '../call.ts'
import { claimOf } from './identity/claims.ts'
import type { Identity } from './identity/claims.ts'

/** What the verified claims of a client say of its call, where its route asks them. */
export type Said = Readonly<{
  topic: string | undefined
  priority: Priority | undefined
  account: string | undefined
  compared: readonly Pair[]
}>

/** Null for a route that asks no claims. */
export function claimsOf({
  event,
  priorityByClaim,
  quota,
  stream,
}: RouteOptions): ((of: Identity | null) => Said) | null {
  const topics = event?.topicByClaim
  const per = quota?.per.startsWith('claim.') === true ? quota.per.slice('claim.'.length) : null
  const compared = (stream?.filter ?? []).flatMap(({ equals }) =>
    equals?.startsWith('claim.') === true ? [equals.slice('claim.'.length)] : [],
  )
  if (topics === undefined && priorityByClaim === undefined && per === null && compared.length === 0) return null
  return identity => {
    const text = (claim: string): string | undefined => textOf(claimOf(identity?.claims ?? null, claim))
    const counted = per === null ? undefined : text(per)
    return {
      topic: topics && valueOf(topics.values, text(topics.claim)),
      priority: priorityByClaim && valueOf(priorityByClaim.values, text(priorityByClaim.claim)),
      account: counted === undefined ? undefined : `${per} ${counted}`,
      compared: compared.flatMap(claim => {
        const value = text(claim)
        return value === undefined ? [] : [[claim, value] as const]
      }),
    }
  }
}

const valueOf = <T>(values: Readonly<Record<string, T>>, name: string | undefined): T | undefined =>
  name !== undefined && Object.hasOwn(values, name) ? values[name] : undefined

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined
