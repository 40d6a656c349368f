import { test } from 'node:test'
import { equal, match } from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
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

test('both sides show certificates, and files that are renewed are read anew', async t => {
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
  match(textOf(await ask()), /^(?!nobody|upstream-failed)/)
})
