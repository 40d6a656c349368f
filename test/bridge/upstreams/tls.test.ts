import { test } from 'node:test'
import { deepEqual, equal, match } from 'node:assert/strict'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { join } from 'node:path'
import type { Reply } from '../../../src/call.ts'
import { Problem } from '../../../src/problem.ts'
import { certificates, selfSigned } from '../../help/certificates.ts'
import { folder } from '../../help/folder.ts'
import { anAsk, anUpstream } from '../../help/upstream.ts'

const textOf = (answer: Reply | Problem): string =>
  answer instanceof Problem ? answer.code : Buffer.from(answer.body).toString()

test('both sides show certificates, and files that are renewed are read anew, once they fit together', async t => {
  const { caFile, certFile, keyFile, client } = certificates(t)
  const server = createServer(
    {
      ca: readFileSync(caFile),
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (req, res) => {
      const { subject } = (req.socket as TLSSocket).getPeerCertificate()
      res.setHeader('connection', 'close')
      res.end((req.socket as TLSSocket).authorized ? String(subject.CN) : 'nobody')
    },
  )
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const path = folder(t)
  const files = { caFile: join(path, 'ca'), certFile: join(path, 'crt'), keyFile: join(path, 'key') }
  const other = selfSigned(t, 'other', 1)
  copyFileSync(other.certFile, files.caFile) // an authority that did not sign the server
  copyFileSync(other.certFile, files.certFile)
  copyFileSync(other.keyFile, files.keyFile)
  await using upstream = anUpstream([`https://localhost:${port}`], {
    attempts: 1,
    tls: { ...files, rejectUnauthorized: true },
  })
  const ask = async (): Promise<Reply | Problem> =>
    await upstream.serve(anAsk()).catch((error: unknown) => Problem.from(error))

  const refused = await ask()
  equal(textOf(refused), 'upstream-failed')
  equal(refused instanceof Problem && refused.outcome, 'not-sent')
  copyFileSync(caFile, files.caFile)
  equal(textOf(await ask()), 'nobody')
  writeFileSync(files.certFile, client.cert)
  writeFileSync(files.keyFile, client.key)
  const name = textOf(await ask())
  match(name, /^(?!nobody|upstream-failed)/)

  copyFileSync(other.certFile, files.certFile) // renewed, and its key not yet
  equal(textOf(await ask()), name, 'the last two that fit together')
  match(upstream.notices.join(), /shop uses its former files for TLS, as the new ones fail: ERR_OSSL/)
  rmSync(files.caFile)
  equal(textOf(await ask()), name)
  match(upstream.notices.join(), /ENOENT/)
  copyFileSync(other.keyFile, files.keyFile)
  copyFileSync(other.certFile, files.caFile)
  equal(textOf(await ask()), 'upstream-failed', 'all of them are new')
  deepEqual(upstream.notices, [])
})
