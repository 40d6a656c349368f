import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import type { IdentityOptions } from '../../../config/schema/index.ts'
import { Problem } from '../../problem.ts'
import { Basic } from './basic.ts'
import { Bearer } from './bearer.ts'
import { Certificates } from './certificate.ts'
import type { Issuer } from './bearer.ts'
import type { Identity } from './claims.ts'
import { admission } from './guard.ts'
import type { Admit, Challenge, Identify } from './guard.ts'
import { fromUrl, Keys } from './jwks.ts'
import { ApiKeys } from './keys.ts'

type Known = Readonly<{ identify: (credentials: string) => Identity | Promise<Identity> }>

/** Opens all providers of the configuration; `held` closes them. Throws an Error of one sentence when a file does not hold. */
export function openIdentities({ realm, cacheEntries, providers }: IdentityOptions, held: AsyncDisposableStack): Admit {
  const issuers: Issuer[] = []
  const basics: Known[] = []
  const keys: (readonly [header: string, known: Known])[] = []
  let bearer: Bearer | null = null
  let certificates: Certificates | null = null
  for (const [provider, { jwt, apiKeys, certificate, basic }] of Object.entries(providers)) {
    if (jwt !== undefined) {
      const { url, file = '', timeoutMs } = jwt.jwks
      const fetching = url === undefined ? () => readFile(file, 'utf8') : fromUrl(url, timeoutMs)
      const known = held.use(new Keys(provider, fetching, jwt.jwks, () => bearer?.forget()))
      issuers.push({ provider, options: jwt, key: known.get })
    }
    if (apiKeys !== undefined) keys.push([apiKeys.header, held.use(new ApiKeys(provider, apiKeys.file))])
    if (certificate !== undefined) certificates = new Certificates(provider, certificate)
    if (basic !== undefined) basics.push(held.use(new Basic(provider, basic.file, cacheEntries)))
  }
  if (issuers.length > 0) bearer = new Bearer(issuers, cacheEntries)
  const headers = [...new Set(keys.map(([header]) => header))]
  const challenges: Challenge[] = [
    ...(bearer === null ? [] : [{ scheme: 'Bearer', more: '' } as const]),
    ...(basics.length === 0 ? [] : [{ scheme: 'Basic', more: ', charset="UTF-8"' } as const]),
    ...headers.map(header => ({ scheme: 'ApiKey', more: `, header="${header}"` }) as const),
  ]
  return admission(identifying({ bearer, basics, keys, certificates }), realm, challenges)
}

type Providers = Readonly<{
  bearer: Bearer | null
  basics: readonly Known[]
  keys: readonly (readonly [header: string, known: Known])[]
  certificates: Certificates | null
}>

/** `Authorization` speaks first, when its scheme is one of ours; then the headers of keys; then the certificate of the connection. */
function identifying({ bearer, basics, keys, certificates }: Providers): Identify {
  return (headers, connection) => {
    const { authorization } = headers
    if (authorization !== undefined) {
      if (bearer !== null && has(authorization, 'bearer ')) return bearer.identify(authorization.slice(7).trim())
      if (basics.length > 0 && has(authorization, 'basic ')) return firstOf(basics, authorization.slice(6).trim())
    }
    const known = keys.length === 0 ? null : byKey(keys, headers)
    return known ?? certificates?.identify(connection) ?? null
  }
}

const has = (authorization: string, scheme: string): boolean =>
  authorization.slice(0, scheme.length).toLowerCase() === scheme

function firstOf(basics: readonly Known[], credentials: string): Identity | Promise<Identity> {
  const [only, another] = basics
  // who is known is known at once
  return only !== undefined && another === undefined ? only.identify(credentials) : anyOf(basics, credentials)
}

async function anyOf(basics: readonly Known[], credentials: string): Promise<Identity> {
  let problem: Problem | null = null
  for (const known of basics)
    try {
      return await known.identify(credentials)
    } catch (error) {
      problem = Problem.from(error)
    }
  throw problem ?? new Problem('unauthenticated', 'User or password is wrong.')
}

function byKey(
  keys: readonly (readonly [header: string, known: Known])[],
  headers: IncomingHttpHeaders,
): ReturnType<Identify> {
  let problem: Problem | null = null
  for (const [header, known] of keys) {
    const key = headers[header]
    if (typeof key !== 'string') continue
    try {
      return known.identify(key)
    } catch (error) {
      problem = Problem.from(error)
    }
  }
  if (problem !== null) throw problem
  return null
}
