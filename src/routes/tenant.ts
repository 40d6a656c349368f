import type { IncomingHttpHeaders } from 'node:http'
import type { TenantsOptions } from '../../config/schema/index.ts'
import type { Pair } from '../call.ts'
import { Problem } from '../problem.ts'
import { claimOf } from './identity/claims.ts'
import type { Identity } from './identity/claims.ts'

/** Whose a request is: its name, what stands before its keys, and which topic has its events in place of another. */
export type Tenant = Readonly<{
  name: string
  prefix: string
  topics: ReadonlyMap<string, string>
  workers: ReadonlyMap<string, string>
  told: readonly Pair[]
}>
/** Throws forbidden when a request is of no tenant that is known. */
export type Tenancy = (identity: Identity | null, headers: IncomingHttpHeaders) => Tenant

const names = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A key as its tenant has it; what has no key has none. */
export function prefixed<Key extends Uint8Array | null>({ prefix }: Pick<Tenant, 'prefix'>, key: Key): Key | Buffer {
  return key === null || prefix === '' ? key : Buffer.concat([Buffer.from(prefix), key])
}

/** Null where there are no tenants. */
export function tenancyOf(options: TenantsOptions | undefined): Tenancy | null {
  if (options === undefined) return null
  const { from, header, of, others } = options
  const tenantOf = (name: string, { keyPrefix = '', topics = {}, workers = {} }: Own): Tenant => ({
    name,
    prefix: keyPrefix.replaceAll('{tenant}', name),
    topics: new Map(Object.entries(topics)),
    workers: new Map(Object.entries(workers)),
    told: header === undefined ? [] : [[header, name]],
  })
  const listed = new Map(Object.entries(of).map(([name, own]) => [name, tenantOf(name, own)]))
  const byHost = new Map(Object.entries(of).flatMap(([name, { hosts }]) => hosts.map(host => [host, listed.get(name)])))
  const claim = from === 'host' ? null : from.slice('claim.'.length)
  return (identity, headers) => {
    if (claim === null) return byHost.get(hostOf(headers.host)) ?? refuse('The host is that of no tenant.')
    const name = claimOf(identity?.claims ?? null, claim)
    if (typeof name !== 'string' || !names.test(name)) return refuse(`The claim ${claim} names no tenant.`)
    const known = listed.get(name)
    if (known !== undefined) return known
    return others === undefined ? refuse(`The claim ${claim} names no tenant that is known.`) : tenantOf(name, others)
  }
}

type Own = Readonly<{
  keyPrefix?: string | undefined
  topics?: Readonly<Record<string, string>>
  workers?: Readonly<Record<string, string>>
}>

/** A host without its port, in lower case. */
const hostOf = (field = ''): string => field.replace(/:\d*$/, '').toLowerCase()

const refuse = (detail: string): never => {
  throw new Problem('forbidden', detail)
}
