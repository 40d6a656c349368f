import { test } from 'node:test'
import { equal } from 'node:assert/strict'
import { format, parse } from '../../config/load.ts'

const jwt = 'jwt: { issuer: a, audience: b, jwks: { url: "https://a/jwks" } }'
const said = (providers: string, route: string): string =>
  format(
    parse(
      `identity: { providers: { ${providers} } }\nroutes: { a: { match: POST /, event: { topic: a, key: claim.sub }, ${route} } }`,
      'f',
    ).mistakes,
  ).replaceAll(/^f:\d+:\d+ {2}/gm, '')

test('who vouches for clients is one kind of provider, and each issuer has one', () => {
  equal(said(`a: { ${jwt} }`, 'identity: required, scopes: ["x:y"], claimHeaders: { x-user: sub }'), '')
  equal(
    said('a: {}', 'identity: required'),
    'identity.providers.a: found none of jwt, apiKeys, certificate, basic, expected just one',
  )
  equal(
    said(`a: { ${jwt} }, b: { ${jwt} }`, 'identity: required'),
    'identity.providers.b.jwt.issuer: found that of providers.a, expected another issuer',
  )
  equal(
    said('a: { jwt: { issuer: a, audience: b, jwks: {} } }', 'identity: required'),
    'identity.providers.a.jwt.jwks: found none of url, file, expected just one',
  )
})

test('no algorithm that takes the key of the verifier for a secret can be configured', () => {
  const hmac = jwt.replace('audience', 'algorithms: [HS256], audience')
  equal(said(`a: { ${hmac} }`, 'identity: required').startsWith('identity.providers.a.jwt.algorithms.0: '), true)
})

test('what needs an identity is complained of without one', () => {
  equal(said('', 'identity: required'), 'routes.a.identity: found without identity.providers, expected at least one')
  equal(
    said('', 'scopes: [a]'),
    'routes.a.event.key: found without identity, expected identity: required or optional\nroutes.a.scopes: found without identity, expected identity: required or optional',
  )
  equal(
    said(`a: { ${jwt} }`, 'identity: required, claimHeaders: { x-user: sub }, requestHeaders: [x-user]'),
    'routes.a.requestHeaders.0: found "x-user", which claimHeaders has too: a client could say it in place of its claim',
  )
})

test('certificates are asked for only where an authority for them is known, and by one provider', () => {
  equal(
    said('a: { certificate: {} }, b: { certificate: {} }', 'identity: required'),
    [
      'identity.providers.a.certificate: found without server.tls.clientCaFile, expected it too: no client is asked for a certificate',
      'identity.providers.b.certificate: found without server.tls.clientCaFile, expected it too: no client is asked for a certificate',
      'identity.providers.b.certificate: found that of providers.a too, expected just one',
    ].join('\n'),
  )
})
