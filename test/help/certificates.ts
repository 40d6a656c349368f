import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificates } from '../../tools/kafka/certificates.ts'
import { folder } from './folder.ts'
import type { Scope } from './scope.ts'

/** PEM files of a server and of a client, both signed by one authority. */
export type Signed = Readonly<{
  caFile: string
  certFile: string
  keyFile: string
  client: Readonly<{ cert: string; key: string }>
  /** Puts other files in the place of the server's. */
  replace: (by: Readonly<{ certFile: string; keyFile: string }>) => void
}>

export function certificates(t: Scope): Signed {
  const path = folder(t)
  const { caFile, certFile, keyFile } = makeCertificates(path)
  const server = { certFile: join(path, 'localhost.crt'), keyFile: join(path, 'localhost.key') }
  return {
    caFile,
    ...server,
    client: { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') },
    replace: by => {
      copyFileSync(by.keyFile, server.keyFile)
      copyFileSync(by.certFile, server.certFile)
    },
  }
}

/** A certificate that signs itself, for so many days from now. */
export function selfSigned(t: Scope, name: string, days: number): Readonly<{ certFile: string; keyFile: string }> {
  const path = folder(t)
  const [keyFile, csr, certFile] = [join(path, 'key'), join(path, 'csr'), join(path, 'crt')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  run(['req', '-new', ...key, '-subj', `/O=Shop/CN=${name}`, '-out', csr])
  run(['x509', '-req', '-in', csr, '-signkey', keyFile, '-days', String(days), '-out', certFile])
  return { certFile, keyFile }
}

function run(args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`)
}
