import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Config } from '../../../config/schema/index.ts'
import { access, hostAndPort } from '../../../src/bridge/kafka/access.ts'

const options = (broker: object) => Config.parse({ routes: {}, broker }).broker

test('addresses are split at commas, and empty ones left out', () => {
  deepEqual(access(options({ brokers: 'a:1,b:2' })).seeds, ['a:1', 'b:2'])
})

test('an IPv6 address stands in brackets', () => {
  deepEqual(hostAndPort('[::1]:9092'), { host: '::1', port: 9092 })
  deepEqual(hostAndPort('kafka.local:9093'), { host: 'kafka.local', port: 9093 })
})

test('TLS is off, on with the authorities of Node, or on with files', () => {
  equal(access(options({})).ssl, undefined)
  deepEqual(access(options({ tls: true })).ssl, {})
  const ssl = access(options({ tls: { caFile: import.meta.filename, serverName: 'kafka' } })).ssl!
  equal(Buffer.isBuffer(ssl.ca), true)
  equal(ssl.servername, 'kafka')
  equal(ssl.rejectUnauthorized, true)
})

test('a file that is not there is an error at start, not at the first connection', () => {
  throws(() => access(options({ tls: { caFile: '/nowhere.pem' } })), /ENOENT/)
})

test('a certificate that was renewed in its file is taken at the next dial', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-access-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const certFile = join(folder, 'cert.pem')
  writeFileSync(certFile, 'old')
  const { ssl } = access(options({ tls: { certFile, keyFile: certFile } }))
  equal(String({ ...ssl }.cert), 'old')
  writeFileSync(certFile, 'new')
  equal(String({ ...ssl }.cert), 'new')
})

test('a password that was changed in its file is taken at the next dial, and the last one while it cannot be read', t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-access-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const passwordFile = join(folder, 'password')
  const { sasl } = access(options({ sasl: { mechanism: 'plain', username: 'sluice', password: 'old', passwordFile } }))
  equal(sasl?.password, 'old')
  writeFileSync(passwordFile, 'new\n')
  equal(sasl?.password, 'new')
  rmSync(passwordFile)
  equal(sasl?.password, 'new')
})
