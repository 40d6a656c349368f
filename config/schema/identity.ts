import { z } from 'zod'
import { count, headerName, hour, ms, name, path, text } from './value.ts'

export const claimName = text(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'the name of a claim, fields of fields with dots')
const claim = claimName
export const claimValue = z.string().min(1).max(256)
export const claimHeaders = z.record(headerName, claim.describe('The claim that the header tells.'))
export const scope = text(
  /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/,
  'a scope: printable characters without spaces and quotes',
)

const algorithm = z.enum([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
])

const Jwks = z.strictObject({
  url: text(/^https?:\/\/[^\s#]{1,2000}$/, 'a URL that begins with https:// or http://')
    .optional()
    .describe('Where the keys are. Just one of `url` and `file`.'),
  file: path()
    .optional()
    .describe('A file that holds them, read anew as a URL is: every `refreshMs`, and for unknown keys.'),
  timeoutMs: ms(10, 60_000).default(2_000).describe('Longest that the keys are waited for.'),
  refreshMs: ms(100, 24 * hour)
    .default(300_000)
    .describe('How often they are asked for without need: a key that was withdrawn is refused after it.'),
  cooldownMs: ms(10, hour)
    .default(2_000)
    .describe('Least time between two fetches on account of unknown keys; tokens of new keys wait for it.'),
})

const Jwt = z.strictObject({
  issuer: z.string().min(1).max(1_000).describe('What `iss` must be.'),
  audience: z.string().min(1).max(1_000).describe('What must be in `aud`.'),
  algorithms: z
    .array(algorithm)
    .min(1)
    .max(11)
    .default(['RS256', 'PS256', 'ES256'])
    .describe('Algorithms that signatures may have; whatever the token says, no others are tried.'),
  jwks: Jwks.describe('The public keys of the issuer (RFC 7517).'),
  subject: claim.default('sub').describe('The claim that names the client.'),
  scopes: claim.default('scope').describe('The claim with its scopes: text with spaces, or a list.'),
  leewayMs: ms(0, 300_000).default(5_000).describe('How far the clock of the issuer may be from ours.'),
  tokenBytes: count(256, 65_536).default(8_192).describe('Largest token.'),
})

const file = path().describe(
  'A file with a line `<subject>:<hash>:<scopes>` for each client; read anew when it changes.',
)

const Certificate = z.strictObject({
  subject: z
    .enum(['cn', 'dns', 'uri', 'email', 'fingerprint'])
    .default('cn')
    .describe(
      'What in it names the client: its common name, the first name of its kind in `subjectAltName`, or its SHA-256.',
    ),
  scopes: z.array(scope).max(64).default([]).describe('Scopes of whoever has such a certificate.'),
})

const Provider = z
  .strictObject({
    jwt: Jwt.optional().describe('Bearer tokens: `Authorization: Bearer <JWT>` (RFC 6750, RFC 9068).'),
    apiKeys: z
      .strictObject({ file, header: headerName.default('x-api-key').describe('Header with the key.') })
      .optional()
      .describe('Keys of machines, known by their hashes.'),
    certificate: Certificate.optional().describe(
      'Client certificates, of an authority in `server.tls.clientCaFile` (mutual TLS).',
    ),
    basic: z.strictObject({ file }).optional().describe('User and password (RFC 7617), for legacy clients.'),
  })
  .describe('Somebody who vouches for clients.')

export const Identity = z.strictObject({
  realm: text(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/, 'text without quotes, at most 128 characters')
    .default('sluice')
    .describe('What a `WWW-Authenticate` calls the gateway.'),
  cacheEntries: count(1, 1_000_000).default(10_000).describe('Verified tokens and passwords that are remembered.'),
  providers: z
    .record(name, Provider)
    .default({})
    .describe('Who vouches for clients, by name: each has just one of `jwt`, `apiKeys`, `certificate` and `basic`.'),
})
