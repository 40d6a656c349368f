import { test } from 'node:test'
import { equal, ok, rejects, throws } from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { TestContext } from 'node:test'
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import type { CryptoKey } from 'jose'
import { Config } from '../../../config/schema/index.ts'
import { Bearer } from '../../../src/routes/identity/bearer.ts'
import { fromUrl, Keys } from '../../../src/routes/identity/jwks.ts'
import type { Identity } from '../../../src/routes/identity/claims.ts'
import { anIssuer, jwtOf } from '../../help/issuer.ts'
import type { Issuer } from '../../help/issuer.ts'

type Opened = Readonly<{ issuer: Issuer; bearer: Bearer; ask: (token: string) => Promise<Identity> }>
async function open(t: TestContext): Promise<Opened> {
  const issuer = await anIssuer(t)
  const { identity } = Config.parse({ routes: {}, identity: { providers: { shop: jwtOf(issuer) } } })
  const options = identity.providers['shop']!.jwt!
  const keys = new Keys('shop', fromUrl(issuer.url, 2_000), options.jwks)
  t.after(() => keys[Symbol.dispose]())
  const bearer = new Bearer([{ provider: 'shop', options, key: keys.get }], 100)
  const ask = async (token: string): Promise<Identity> => await bearer.identify(token)
  equal((await ask(await issuer.token())).client, 'shop/alice')
  return { issuer, bearer, ask }
}
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The quickest of five: the machine of the tests may be busy. */
async function refusedWithin(ms: number, ask: Opened['ask'], token: string, detail: RegExp): Promise<void> {
  let best = Infinity
  for (let at = 0; at < 5; at++) {
    const begun = performance.now()
    await rejects(ask(token), { code: 'unauthenticated', message: detail })
    best = Math.min(best, performance.now() - begun)
  }
  ok(best < ms, `${best} ms`)
}

test('every attack by a token is refused within 5 ms', async t => {
  const { issuer, ask } = await open(t)
  const good = await issuer.token()
  const [header = '', payload = '', signature = ''] = good.split('.')
  const pem = await exportSPKI((await importJWK(issuer.publicKey(), 'RS256', { extractable: true })) as CryptoKey)
  const confused = `${part({ alg: 'HS256', kid: 'first' })}.${payload}`
  const hmac = createHmac('sha256', pem).update(confused).digest('base64url')
  const own = await generateKeyPair('RS256')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const pointing = (more: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'first', ...more }).sign(own.privateKey)
  const attacks: Record<string, readonly [string, RegExp]> = {
    'alg none': [`${part({ alg: 'none' })}.${payload}.`, /algorithm/],
    'HS256 with the public key': [`${confused}.${hmac}`, /algorithm/],
    'jku of the attacker': [await pointing({ jku: issuer.url }), /signature/],
    'x5u of the attacker': [await pointing({ x5u: issuer.url }), /signature/],
    'wrong audience': [await issuer.token({ claims: { aud: 'others' } }), /claim aud/],
    'wrong issuer': [await issuer.token({ claims: { iss: 'https://evil.example' } }), /issuer/],
    expired: [await issuer.token({ lifeS: -60 }), /expired/],
    'without an end': [await issuer.token({ claims: { exp: undefined } }), /claim exp/],
    'not yet': [await issuer.token({ claims: { nbf: Date.now() / 1_000 + 3_600 } }), /claim nbf/],
    '100 KB': [`${header}.${'a'.repeat(100_000)}.${signature}`, /too large/],
    '1 MB': ['a'.repeat(1_000_000), /too large/],
    'another payload': [`${header}.${part({ ...claims, sub: 'root' })}.${signature}`, /signature/],
    'no JWT': ['nothing', /no signed JWT/],
    empty: ['', /no signed JWT/],
    'five parts': [`${good}.a.b`, /no signed JWT|not valid/],
  }
  const fetches = issuer.fetches()
  for (const [name, [token, detail]] of Object.entries(attacks))
    await t.test(name, () => refusedWithin(5, ask, token, detail))
  equal(issuer.fetches(), fetches)
})

test('a token that was verified is known until it ends, and no longer than its key', async t => {
  const { issuer, bearer } = await open(t)
  const token = await issuer.token({ lifeS: 60 })
  await bearer.identify(token)
  equal((bearer.identify(token) as Identity).client, 'shop/alice')
  t.mock.method(Date, 'now', () => 4_000_000_000_000)
  throws(() => bearer.identify(token), { code: 'unauthenticated', message: /expired/ })
  t.mock.restoreAll()
  await bearer.identify(token)
  bearer.forget()
  ok(bearer.identify(token) instanceof Promise)
})

test('a known token costs at most 10 µs', async t => {
  const { issuer, bearer } = await open(t)
  const token = await issuer.token()
  await bearer.identify(token)
  const rounds = 5_000
  let best = Infinity
  for (let at = 0; at < 10; at++) {
    const begun = performance.now()
    for (let each = 0; each < rounds; each++) void bearer.identify(token)
    best = Math.min(best, ((performance.now() - begun) * 1_000) / rounds)
  }
  t.diagnostic(`${best.toFixed(2)} µs`)
  ok(best <= 10, `${best} µs`)
})
