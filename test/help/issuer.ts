import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import type { Scope } from './scope.ts'

type Token = Readonly<{ claims?: Record<string, unknown>; header?: Record<string, unknown>; lifeS?: number }>

/** Whoever signs tokens, and shows its keys on a free port. */
export type Issuer = Readonly<{
  url: string
  fetches: () => number
  /** Takes a new key, and shows it in place of those before. */
  rotate: (kid: string) => Promise<void>
  /** From now on the keys are answered with a 500. */
  fail: (fails: boolean) => void
  publicKey: () => JWK
  token: (token?: Token) => Promise<string>
}>

export const issuerName = 'https://issuer.example'
export const audience = 'orders'

export async function anIssuer(t: Scope): Promise<Issuer> {
  let current: Readonly<{ kid: string; privateKey: CryptoKey; jwk: JWK }>
  let [fetches, failing] = [0, false]
  const rotate = async (kid: string): Promise<void> => {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    current = { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
  }
  await rotate('first')
  const server = createServer((_req, res) => {
    fetches++
    res.statusCode = failing ? 500 : 200
    res.end(JSON.stringify({ keys: [current.jwk] }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    fetches: () => fetches,
    rotate,
    fail: fails => void (failing = fails),
    publicKey: () => current.jwk,
    token: ({ claims = {}, header = {}, lifeS = 60 } = {}) => {
      const nowS = Math.floor(Date.now() / 1_000)
      const all = { iss: issuerName, aud: audience, sub: 'alice', scope: 'orders:write', exp: nowS + lifeS, ...claims }
      return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: current.kid, ...header }).sign(current.privateKey)
    },
  }
}

/** A provider of the configuration that takes its tokens. */
export const jwtOf = ({ url }: Pick<Issuer, 'url'>, jwks: object = {}) => ({
  jwt: { issuer: issuerName, audience, jwks: { url, ...jwks } },
})
