import { test } from 'node:test'
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { connect } from 'node:tls'
import type { PeerCertificate } from 'node:tls'
import { client } from '../help/ask.ts'
import { certificates, selfSigned } from '../help/certificates.ts'
import { aGateway, configOf, openGateway } from '../help/gateway.ts'
import { h2 } from '../help/h2.ts'
import { until } from '../help/until.ts'
import { start } from '../../src/app.ts'
import { readFileSync, writeFileSync } from 'node:fs'

/** Whose certificate a new connection is shown. */
async function shown(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<PeerCertificate>()
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () =>
    resolve(socket.getPeerCertificate()),
  )
  socket.on('error', reject)
  const { subject } = await promise
  socket.destroy()
  return String(subject.CN)
}

test('a new certificate is shown to new connections, and the old ones go on', async t => {
  const { certFile, keyFile, replace } = certificates(t)
  const { gateway, ask, worker } = await aGateway(t, { server: { tls: { certFile, keyFile, reloadMs: 100 } } })
  worker.always(command => void command.reply({ status: 200 }))
  equal(await shown(gateway.url), 'localhost')
  equal((await ask('/orders/1')).status, 200)
  replace(selfSigned(t, 'renewed', 30))
  await until('the new one is shown', async () => (await shown(gateway.url)) === 'renewed')
  equal((await ask('/orders/1')).status, 200)
  replace(selfSigned(t, 'too-late', -1))
  writeFileSync(keyFile, 'broken')
  await new Promise(resolve => setTimeout(resolve, 250)) // it is looked at twice
  equal(await shown(gateway.url), 'renewed')
})

test('what does not hold at the start is one sentence', async t => {
  const { certFile, keyFile } = certificates(t)
  const begin = async (tls: object): Promise<void> => {
    const gateway = await start(configOf({ server: { tls } }))
    await gateway.stop()
  }
  await rejects(
    begin(selfSigned(t, 'localhost', -1)),
    /^Error: server\.tls\.certFile: the certificate in \S+ expired at /,
  )
  await rejects(begin({ certFile: keyFile, keyFile }), /holds no certificate \(PEM\)\.$/)
  await rejects(begin({ certFile, keyFile: selfSigned(t, 'a', 1).keyFile }), /do not fit together\.$/)
  await rejects(begin({ certFile: `${certFile}.none`, keyFile }), /cannot be read\.$/)
})

test('a client is known by its certificate, by h1 and by h2', async t => {
  const { certFile, keyFile, caFile, client: mine } = certificates(t)
  const over = {
    server: { tls: { certFile, keyFile, clientCaFile: caFile } },
    identity: { providers: { machines: { certificate: { scopes: ['orders:read'] } } } },
    routes: { 'read-order': { identity: 'required', scopes: ['orders:read'], claimHeaders: { 'x-client': 'sub' } } },
  }
  const { gateway, ask, worker } = await aGateway(t, over)
  worker.always(command => void command.reply({ status: 200, body: command.header('http-header-x-client') ?? '' }))
  using known = client(gateway.url, mine)
  deepEqual([(await known.ask('/orders/1')).status, (await known.ask('/orders/1')).text], [200, 'client'])
  equal((await h2(t, gateway.url, mine).ask('/orders/1')).text, 'client')
  const nobody = await ask('/orders/1')
  deepEqual([nobody.status, nobody.code], [401, 'unauthenticated'])
  const other = selfSigned(t, 'client', 1)
  const forged = { cert: readFileSync(other.certFile, 'utf8'), key: readFileSync(other.keyFile, 'utf8') }
  using stranger = client(gateway.url, forged)
  const refused = await stranger.ask('/orders/1')
  deepEqual([refused.status, refused.json['detail']], [401, 'The certificate of the client is not trusted.'])
})

test('where a certificate is required nobody connects without', async t => {
  const { certFile, keyFile, caFile, client: mine } = certificates(t)
  const tls = { certFile, keyFile, clientCaFile: caFile, clientCertificate: 'required', hstsMs: 86_400_000 }
  const { gateway, ask } = await openGateway(t, { server: { tls } })
  await rejects(ask('/nowhere'))
  using known = client(gateway.url, mine)
  const { status, headers } = await known.ask('/nowhere')
  deepEqual([status, headers['strict-transport-security']], [404, 'max-age=86400'])
  match(gateway.url, /^https:/)
})
