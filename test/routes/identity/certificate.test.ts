import { test } from 'node:test'
import { deepEqual, equal, throws } from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Certificates, claimsOf } from '../../../src/routes/identity/certificate.ts'
import type { CertificateOptions } from '../../../src/routes/identity/certificate.ts'
import type { Connection } from '../../../src/routes/connection.ts'
import { certificates, selfSigned } from '../../help/certificates.ts'
import { frozenClock } from '../../help/clock.ts'

const certificateIn = (file: string): X509Certificate => new X509Certificate(readFileSync(file))
const provider = (options: Partial<CertificateOptions> = {}): Certificates =>
  new Certificates('machines', { subject: 'cn', scopes: ['a:b'], ...options })
const showing = (certificate: X509Certificate | undefined, authorized = true): Connection =>
  ({ secure: { authorized, getPeerX509Certificate: () => certificate } }) as unknown as Connection

test('a certificate names its client by what the configuration says, and its fields are claims', t => {
  const certificate = certificateIn(certificates(t).certFile)
  const { client, scopes } = provider().identify(showing(certificate)) ?? {}
  deepEqual([client, [...(scopes ?? [])]], ['machines/localhost', ['a:b']])
  equal(provider({ subject: 'dns' }).identify(showing(certificate))?.client, 'machines/localhost')
  const { dns, sub, issuer } = claimsOf(certificate)
  deepEqual([dns, sub, issuer], [['localhost'], 'localhost', 'CN=sluice test authority'])
  deepEqual(claimsOf(certificateIn(selfSigned(t, 'a', 1).certFile))['o'], 'Shop')
  throws(() => provider({ subject: 'uri' }).identify(showing(certificate)), { code: 'unauthenticated' })
})

test('who shows none is nobody, and one that is not trusted, or has expired, is refused', async t => {
  const certificate = certificateIn(selfSigned(t, 'a', 1).certFile)
  equal(provider().identify(showing(undefined)), null)
  equal(provider().identify({ secure: null } as Connection), null)
  throws(() => provider().identify(showing(certificate, false)), { code: 'unauthenticated' })
  const known = provider()
  const connection = showing(certificate)
  const clock = frozenClock(t)
  equal(known.identify(connection)?.client, 'machines/a')
  t.mock.timers.setTime(certificate.validToDate.getTime())
  throws(() => known.identify(connection), { message: 'The certificate of the client has expired.' })
  await clock.advance(0)
})
