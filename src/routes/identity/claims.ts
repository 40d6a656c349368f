import { Problem } from '../../problem.ts'
import type { Pair } from '../../call.ts'
import { isSendable } from '../names.ts'

/** What is said of a client by whoever vouches for it: the payload of its token, or `sub` and `scope`. */
export type Claims = Readonly<Record<string, unknown>>

/** Who a client is. `client` is what quotas count: `<provider>/<subject>`, which no address can be. */
export type Identity = Readonly<{ client: string; claims: Claims; scopes: ReadonlySet<string> }>

const longestSubject = 255
const longestHeaders = 8_192

/** The claim of this name, or, fields of fields, at this path. Own fields only. */
export function claimOf(claims: Claims | null, name: string): unknown {
  if (claims === null) return undefined
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const field of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
    value = (value as Claims)[field]
  }
  return value
}

/** Throws unauthenticated for a subject that is none. */
export function identityOf(provider: string, subject: unknown, scopes: unknown, claims: Claims): Identity {
  if (typeof subject !== 'string' || subject === '' || subject.length > longestSubject || !isSendable(subject))
    throw new Problem('unauthenticated', 'The credentials name no subject that can be used.')
  const list = Array.isArray(scopes) ? (scopes as readonly unknown[]) : typeof scopes === 'string' ? words(scopes) : []
  return {
    client: `${provider}/${subject}`,
    claims,
    scopes: new Set(list.filter(scope => typeof scope === 'string')),
  }
}

export const words = (text: string): readonly string[] => text.split(' ').filter(word => word !== '')

/** The claims that a worker is told, as headers; what is no text is JSON. Throws when they cannot be carried. */
export function claimsTold(claims: Claims, named: readonly Pair[]): readonly Pair[] {
  const pairs: Pair[] = []
  let size = 0
  for (const [header, claim] of named) {
    const value = claimOf(claims, claim)
    if (value === undefined || value === null) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    size += header.length + text.length
    if (!isSendable(text) || size > longestHeaders)
      throw new Problem('unauthenticated', `The claim ${claim} cannot be told to the worker.`)
    pairs.push([header, text])
  }
  return pairs
}
