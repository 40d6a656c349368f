import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { IdentityOptions } from '../../../config/schema/index.ts'
import { wallClock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Connection } from '../connection.ts'
import { identityOf } from './claims.ts'
import type { Claims, Identity } from './claims.ts'

export type CertificateOptions = NonNullable<IdentityOptions['providers'][string]['certificate']>
type Known = Readonly<{ identity: Identity; endsMs: number }>

/** Clients that have shown a certificate on their connection (RFC 8446, 4.4.2). It is read once for each connection. */
export class Certificates {
  readonly #provider: string
  readonly #options: CertificateOptions
  readonly #known = new WeakMap<Connection, Known | Problem>()

  constructor(provider: string, options: CertificateOptions) {
    this.#provider = provider
    this.#options = options
  }

  /** Null when the client has shown none. Throws unauthenticated for one that is not trusted, or no longer holds. */
  identify(connection: Connection): Identity | null {
    const known = this.#known.get(connection) ?? this.#read(connection)
    if (known === null) return null
    if (known instanceof Problem) throw known
    if (known.endsMs <= wallClock()) throw wrong('The certificate of the client has expired.')
    return known.identity
  }

  #read(connection: Connection): Known | Problem | null {
    const { secure } = connection
    const certificate = secure?.getPeerX509Certificate()
    if (secure === null || certificate === undefined) return null
    const known = this.#judge(secure, certificate)
    this.#known.set(connection, known)
    return known
  }

  #judge({ authorized }: TLSSocket, certificate: X509Certificate): Known | Problem {
    if (!authorized) return wrong('The certificate of the client is not trusted.')
    const claims = claimsOf(certificate)
    const { subject, scopes } = this.#options
    const named = claims[subject]
    try {
      const identity = identityOf(this.#provider, Array.isArray(named) ? named[0] : named, scopes, claims)
      return { identity, endsMs: certificate.validToDate.getTime() }
    } catch (error) {
      return Problem.from(error)
    }
  }
}

const wrong = (detail: string): Problem => new Problem('unauthenticated', detail)

/** What a certificate says, as a token would: fields of its subject in lower case, and its other names as lists. */
export function claimsOf({ subject, subjectAltName, issuer, serialNumber, fingerprint256 }: X509Certificate): Claims {
  const claims: Record<string, unknown> = { issuer, serial: serialNumber, fingerprint: fingerprint256 }
  for (const line of (subject ?? '').split('\n')) {
    const equals = line.indexOf('=')
    if (equals > 0) claims[line.slice(0, equals).toLowerCase()] ??= line.slice(equals + 1)
  }
  return { ...claims, sub: claims['cn'], ...namesOf(subjectAltName ?? '') }
}

const kinds: Readonly<Record<string, string>> = { DNS: 'dns', URI: 'uri', email: 'email' }

/** `DNS:a, URI:"b, c"`: a name with a comma stands in quotes, as JSON (Node, since CVE-2021-44532). */
function namesOf(text: string): Readonly<Record<string, readonly string[]>> {
  const names: Record<string, string[]> = {}
  for (const [, kind = '', quoted, plain] of text.matchAll(/([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g)) {
    const name = kinds[kind]
    if (name === undefined) continue
    const value = quoted === undefined ? (plain ?? '') : (JSON.parse(quoted) as string)
    ;(names[name] ??= []).push(value)
  }
  return names
}
