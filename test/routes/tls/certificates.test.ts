import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import type { SecureContextOptions } from 'node:tls'
import { Config } from '../../../config/schema/index.ts'
import type { ServerTlsOptions } from '../../../config/schema/index.ts'
import { Certificates } from '../../../src/routes/tls/certificates.ts'
import { certificates, selfSigned } from '../../help/certificates.ts'
import { warnings } from '../../help/warnings.ts'

const optionsOf = (tls: object): ServerTlsOptions =>
  Config.parse({ server: { tls }, routes: {} }).server.tls as ServerTlsOptions

test('files are read anew when they change, and what does not hold changes nothing but the log', t => {
  const { certFile, keyFile, replace } = certificates(t)
  const said = warnings(t)
  const changes: SecureContextOptions[] = []
  using files = new Certificates(optionsOf({ certFile, keyFile }), context => void changes.push(context))
  files.look()
  equal(changes.length, 0)
  replace(selfSigned(t, 'renewed', 30))
  files.look()
  files.look()
  equal(changes.length, 1)
  equal(changes[0]?.cert === files.first.cert, false)
  deepEqual(said, [])
  replace(selfSigned(t, 'expired', -1))
  files.look()
  files.look()
  equal(changes.length, 1)
  equal(said.length, 1)
  match(said[0] ?? '', /expired at .*\. The one before stays\.$/)
})

test('a certificate that will soon expire is told once', t => {
  const said = warnings(t)
  using files = new Certificates(optionsOf(selfSigned(t, 'soon', 3)), () => {})
  files.look()
  equal(said.length, 1)
  match(said[0] ?? '', /expires at .*: put a new one in its place\.$/)
})
