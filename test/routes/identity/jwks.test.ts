import { test } from 'node:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { equal, ok, rejects } from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import type { FlattenedJWSInput } from 'jose'
import { fromUrl, Keys } from '../../../src/routes/identity/jwks.ts'
import type { Problem } from '../../../src/problem.ts'
import { until } from '../../help/until.ts'
import { anIssuer } from '../../help/issuer.ts'
import type { Issuer } from '../../help/issuer.ts'

const none = {} as FlattenedJWSInput
const open = (t: TestContext, { url }: Issuer, options: object = {}): Keys => {
  const keys = new Keys('a', fromUrl(url, 2_000), { refreshMs: 3_600_000, cooldownMs: 60_000, ...options })
  t.after(() => keys[Symbol.dispose]())
  return keys
}
const key = async (keys: Keys, kid: string): Promise<unknown> => await keys.get({ alg: 'RS256', kid }, none)

test('a thousand unknown key ids at once cause one fetch, and the same again none', async t => {
  const issuer = await anIssuer(t)
  const keys = open(t, issuer)
  const all = await Promise.allSettled(Array.from({ length: 1_000 }, (_, at) => key(keys, `evil-${at}`)))
  equal(all.filter(({ status }) => status === 'rejected').length, 1_000)
  for (let at = 0; at < 1_000; at++) await rejects(key(keys, `evil-${at}`), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  equal(issuer.fetches(), 1)
})

test('unknown key ids beyond those that may wait for the cool-down are refused for now', async t => {
  const issuer = await anIssuer(t)
  const keys = open(t, issuer, { cooldownMs: 300 })
  await key(keys, 'first')
  const all = await Promise.allSettled(Array.from({ length: 1_000 }, (_, at) => key(keys, `evil-${at}`)))
  const codes = all.map(each => (each.status === 'rejected' ? (each.reason as { code: string }).code : ''))
  equal(codes.filter(code => code === 'ERR_JWKS_NO_MATCHING_KEY').length, 256)
  equal(codes.filter(code => code === 'identity-unavailable').length, 744)
  equal(issuer.fetches(), 2)
})

test('a rotation just after a fetch loses no token: they wait for the cool-down', async t => {
  const issuer = await anIssuer(t)
  const keys = open(t, issuer, { cooldownMs: 200 })
  await key(keys, 'first')
  await issuer.rotate('second')
  const token = await issuer.token()
  equal(decodeProtectedHeader(token).kid, 'second')
  await Promise.all(Array.from({ length: 100 }, () => key(keys, 'second')))
  equal(issuer.fetches(), 2)
})

test('in an outage the known keys are still good, and an unknown one is refused for now', async t => {
  const issuer = await anIssuer(t)
  const keys = open(t, issuer, { cooldownMs: 10 })
  await key(keys, 'first')
  issuer.fail(true)
  await rejects(key(keys, 'second'), { code: 'identity-unavailable' })
  await key(keys, 'first')
})

test('where no key could ever be had, nothing is said of a token', async t => {
  const issuer = await anIssuer(t)
  issuer.fail(true)
  await rejects(key(open(t, issuer), 'first'), { code: 'identity-unavailable' })
})

test('an issuer that is silent is waited for so long and no longer', async t => {
  const server = createServer(() => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await rejects(fromUrl(url, 50)(), { name: 'AbortError' })
})

test('a key that was looked for too early is looked for again after the cool-down', async t => {
  const issuer = await anIssuer(t)
  const keys = open(t, issuer, { cooldownMs: 50 })
  await rejects(key(keys, 'second'), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  await issuer.rotate('second')
  await until('the new key', () => key(keys, 'second').catch(() => null))
})

test('in an outage nobody waits: what cannot be told is refused for now at once', async t => {
  const issuer = await anIssuer(t)
  issuer.fail(true)
  const keys = open(t, issuer)
  await rejects(key(keys, 'first'), { code: 'identity-unavailable' })
  const begun = performance.now()
  await rejects(key(keys, 'other'), (problem: Problem) => (problem.retryAfterMs ?? 0) > 50_000)
  ok(performance.now() - begun < 1_000)
  equal(issuer.fetches(), 1)
})
