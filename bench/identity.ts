// npm run bench:identity: what a verified client costs a request that comes again with the same credentials: a bearer token, an API key, a
// password and a certificate, each through all that stands before a route. Median of five alternating rounds, in CPU time,
// as other programs may have the machine meanwhile; beside it the first sight of a token.
import { hash, scryptSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Config } from '../config/schema/index.ts'
import type { Connection } from '../src/routes/connection.ts'
import type { Exchange } from '../src/routes/exchange.ts'
import { openIdentities } from '../src/routes/identity/index.ts'

const limitUs = 10
const [calls, rounds] = [100_000, 5] as const
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

const { privateKey, publicKey } = await generateKeyPair('RS256')
const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }]
const tokenOf = (subject: string): Promise<string> =>
  new SignJWT({ scope: 'orders:read orders:write', org: 'acme', name: 'Alice Example', roles: ['a', 'b', 'c'] })
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setIssuer('https://issuer.example')
    .setAudience('orders')
    .setSubject(subject)
    .setExpirationTime('10 minutes')
    .sign(privateKey)

const salt = Buffer.alloc(16, 7)
const { identity, routes } = Config.parse({
  server: { tls: { certFile: 'a', keyFile: 'a', clientCaFile: 'a' } },
  identity: {
    providers: {
      shop: {
        jwt: {
          issuer: 'https://issuer.example',
          audience: 'orders',
          jwks: { file: file('jwks', JSON.stringify({ keys })) },
        },
      },
      partners: { apiKeys: { file: file('keys', `acme:sha256$${hash('sha256', 'key-1')}:orders:write\n`) } },
      tills: {
        basic: {
          file: file(
            'users',
            `till:scrypt$${salt.toString('hex')}$${scryptSync('pw', salt, 32).toString('hex')}:orders:write\n`,
          ),
        },
      },
      machines: { certificate: { scopes: ['orders:write'] } },
    },
  },
  routes: { a: { match: 'GET /a', event: { topic: 'a' }, identity: 'required', scopes: ['orders:write'] } },
})
const route = routes['a']
if (route === undefined) throw new Error('The route is gone.')
await using held = new AsyncDisposableStack()
const admit = openIdentities(identity, held)
let served = (): void => {}
const serve = admit.route({ name: 'a', route }, () => served())

const certificate = {
  subject: 'O=Shop\nCN=till-7',
  subjectAltName: 'DNS:till-7.example',
  issuer: 'CN=a',
  serialNumber: '1',
  fingerprint256: 'AA',
  validToDate: new Date(Date.now() + 3_600_000),
}
const plain = { secure: null } as Connection
const shown = { secure: { authorized: true, getPeerX509Certificate: () => certificate } } as unknown as Connection

const asking = (headers: Record<string, string>, connection = plain) =>
  ({
    req: { headers, hasBody: false },
    connection,
    fields: null,
    admission: null,
    refuse: fail,
    breakOff: fail,
  }) as unknown as Exchange
const fail = (problem: Error): void => {
  throw problem
}

/** Until somebody is known: the first time is not of interest. */
async function known(exchange: Exchange): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  served = resolve
  serve(exchange, {})
  await promise
  served = () => {}
  exchange.admission = null
}

const token = `Bearer ${await tokenOf('alice')}`
const exchanges: Readonly<Record<string, Exchange>> = {
  'bearer token': asking({ authorization: token }),
  'API key': asking({ 'x-api-key': 'key-1' }),
  password: asking({ authorization: `Basic ${Buffer.from('till:pw').toString('base64')}` }),
  certificate: asking({}, shown),
}
for (const exchange of Object.values(exchanges)) await known(exchange)
const figures = new Map<string, number[]>(Object.keys(exchanges).map(name => [name, []]))
for (let round = 0; round < rounds; round++)
  for (const [name, exchange] of Object.entries(exchanges)) {
    const begun = process.cpuUsage()
    for (let i = 0; i < calls; i++) serve(exchange, {})
    const { user, system } = process.cpuUsage(begun)
    figures.get(name)?.push((user + system) / calls)
  }
const median = (all: readonly number[]): number => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0

const fresh = await Promise.all(Array.from({ length: 500 }, (_, i) => tokenOf(`user-${i}`)))
const begun = performance.now()
for (const each of fresh) await known(asking({ authorization: `Bearer ${each}` }))
const firstUs = ((performance.now() - begun) * 1_000) / fresh.length

for (const [name, all] of figures) process.stdout.write(`${name}, known: ${median(all).toFixed(2)} µs a request\n`)
process.stdout.write(`bearer token, the first time: ${firstUs.toFixed(0)} µs (RS256)\n`)
rmSync(folder, { recursive: true })
const tokenUs = median(figures.get('bearer token') ?? [])
if (tokenUs > limitUs) process.stdout.write(`A known token costs more than ${limitUs} µs.\n`)
process.exit(tokenUs > limitUs ? 1 : 0)
