import { decodeJwt, errors, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type { IdentityOptions } from '../../../config/schema/index.ts'
import { wallClock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { Cache } from './cache.ts'
import { claimOf, identityOf } from './claims.ts'
import type { Identity } from './claims.ts'

export type JwtOptions = NonNullable<IdentityOptions['providers'][string]['jwt']>
/** Whose tokens are taken. */
export type Issuer = Readonly<{ provider: string; options: JwtOptions; key: JWTVerifyGetKey }>
type Verified = Readonly<{ identity: Identity; endsMs: number }>

/**
 * Verifies bearer tokens (RFC 6750, RFC 7519). What is fixed by the configuration is never taken from the token: algorithms,
 * issuer, audience, where the keys are. A token that was verified is known until it ends, without a promise.
 */
export class Bearer {
  readonly #issuers: ReadonlyMap<string, Issuer>
  readonly #known: Cache<Verified>
  readonly #longest: number

  constructor(issuers: readonly Issuer[], entries: number) {
    this.#issuers = new Map(issuers.map(issuer => [issuer.options.issuer, issuer]))
    this.#known = new Cache(entries)
    this.#longest = Math.max(...issuers.map(({ options }) => options.tokenBytes))
  }

  /** Throws, or rejects with, unauthenticated or identity-unavailable. */
  identify(token: string): Identity | Promise<Identity> {
    if (token.length > this.#longest) throw invalid('The token is too large.')
    const known = this.#known.get(token)
    if (known === undefined) return this.#verify(token)
    if (known.endsMs > wallClock()) return known.identity
    this.#known.delete(token)
    throw expired()
  }

  /** Keys have changed: what they have signed is verified anew. */
  forget(): void {
    this.#known.clear()
  }

  async #verify(token: string): Promise<Identity> {
    const issuer = this.#issuers.get(issuerOf(token))
    if (issuer === undefined) throw invalid('The token is of an unknown issuer.')
    const { provider, options, key } = issuer
    if (token.length > options.tokenBytes) throw invalid('The token is too large.')
    const payload = await verified(token, key, options)
    const identity = identityOf(provider, claimOf(payload, options.subject), claimOf(payload, options.scopes), payload)
    this.#known.set(token, { identity, endsMs: (payload.exp ?? 0) * 1_000 + options.leewayMs })
    return identity
  }
}

function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? ''
  } catch {
    throw invalid('The token is no signed JWT.')
  }
}

async function verified(token: string, key: JWTVerifyGetKey, options: JwtOptions): Promise<JWTPayload> {
  const { issuer, audience, leewayMs, algorithms } = options
  try {
    const expected = { issuer, audience, algorithms, requiredClaims: ['exp'] }
    return (await jwtVerify(token, key, { ...expected, clockTolerance: leewayMs / 1_000 })).payload
  } catch (error) {
    throw problemOf(error)
  }
}

/** What the library says may quote the token: it is told in words of ours. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`The claim ${error.claim} is missing, or not what is expected.`)
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid('The algorithm of the token is not taken.')
  if (error instanceof errors.JWKSNoMatchingKey) return invalid('The key of the token is unknown.')
  if (error instanceof errors.JWSSignatureVerificationFailed) return invalid('The signature of the token is wrong.')
  return invalid('The token is not valid.')
}

const invalid = (detail: string): Problem => new Problem('unauthenticated', detail)
const expired = (): Problem => invalid('The token has expired.')
