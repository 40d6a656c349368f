import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** PEM files of an authority that only this cluster knows, and what it signed. */
export type CertificateFiles = Readonly<{
  caFile: string // what clients trust
  certFile: string // a client's certificate and its key, for listeners that ask for one
  keyFile: string
  serverFile: string // the brokers' key and certificate in one file, as Kafka wants them
}>

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes the certificates anew by openssl, in the folder. Throws one line when openssl is missing or fails. */
export function makeCertificates(folder: string): CertificateFiles {
  const file = (name: string): string => join(folder, name)
  const authority = ['-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=sluice test authority']
  openssl(['req', '-x509', ...newKey, ...authority, '-days', '30'])
  const sign = (name: string, extensions: string): void => {
    const [key, csr, certificate] = [file(`${name}.key`), file(`${name}.csr`), file(`${name}.crt`)]
    openssl(['req', '-new', ...newKey, '-keyout', key, '-out', csr, '-subj', `/CN=${name}`])
    writeFileSync(file('extensions'), extensions)
    const by = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('extensions')]
    openssl(['x509', '-req', '-in', csr, ...by, '-out', certificate, '-days', '30'])
  }
  sign('localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  sign('client', 'extendedKeyUsage=clientAuth\n')
  const serverFile = file('server.pem')
  writeFileSync(serverFile, readFileSync(file('localhost.key'), 'utf8') + readFileSync(file('localhost.crt'), 'utf8'))
  return { caFile: file('ca.pem'), certFile: file('client.crt'), keyFile: file('client.key'), serverFile }
}

function openssl(args: readonly string[]): void {
  const { error, status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (error !== undefined) throw new Error('openssl is missing: it makes the certificates of the TLS listeners.')
  if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr.trim().split('\n').at(-1)}`)
}
