import { readFileSync, statSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { BrokerOptions } from '../../../config/schema/index.ts'

/** How to reach and enter a cluster. */
export type Access = Readonly<{
  seeds: readonly string[] // host:port
  clientId: string
  connectMs: number
  requestMs: number
  metadataMaxAgeMs: number
  ssl: ConnectionOptions | undefined
  sasl:
    | Readonly<{ mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string }>
    | undefined
}>

/** What of the configuration says how to reach a cluster. */
export type Reach = Pick<
  BrokerOptions,
  'brokers' | 'clientId' | 'connectMs' | 'requestMs' | 'metadataMaxAgeMs' | 'tls' | 'sasl'
>

/** Throws when a file that the configuration names cannot be read. */
export function access({ brokers, clientId, connectMs, requestMs, metadataMaxAgeMs, tls, sasl }: Reach): Access {
  const ssl = tls === false ? undefined : tls === true ? {} : files(tls)
  return {
    seeds: brokers
      .split(',')
      .map(seed => seed.trim())
      .filter(seed => seed !== ''),
    clientId,
    connectMs,
    requestMs,
    metadataMaxAgeMs,
    ssl,
    sasl: sasl === undefined ? undefined : login(sasl),
  }
}

/** A password file is read anew at each dial, as passwords rotate; while it cannot be read, the last one stands. */
function login({ mechanism, username, password = '', passwordFile }: NonNullable<Reach['sasl']>): Access['sasl'] {
  let last = password
  return {
    mechanism,
    username,
    get password() {
      if (passwordFile !== undefined) last = textOf(passwordFile)?.replace(/\r?\n$/, '') || last
      return last
    },
  }
}

/** Files are read anew at each dial, as certificates are renewed in them. Throws here when one cannot be read. */
function files({
  caFile,
  certFile,
  keyFile,
  serverName,
  rejectUnauthorized,
}: Exclude<Reach['tls'], boolean>): ConnectionOptions {
  const read = { ca: caFile, cert: certFile, key: keyFile }
  const ssl: ConnectionOptions = { rejectUnauthorized, ...(serverName !== undefined && { servername: serverName }) }
  for (const [name, file] of Object.entries(read)) {
    if (file === undefined) continue
    readFileSync(file)
    Object.defineProperty(ssl, name, { enumerable: true, get: () => readFileSync(file) })
  }
  return ssl
}

/** Null when it cannot be read, or only once, as a pipe. */
function textOf(file: string): string | null {
  try {
    return statSync(file).isFile() ? readFileSync(file, 'utf8') : null
  } catch {
    return null
  }
}

/** `host:port`, IPv6 in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
