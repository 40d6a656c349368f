import { readFileSync } from 'node:fs'
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

/** Reads the files that the configuration names. Throws when one cannot be read. */
export function access({ brokers, clientId, connectMs, requestMs, metadataMaxAgeMs, tls, sasl }: Reach): Access {
  const pem = (file: string | undefined): Buffer | undefined => (file === undefined ? undefined : readFileSync(file))
  const ssl =
    tls === false
      ? undefined
      : tls === true
        ? {}
        : {
            rejectUnauthorized: tls.rejectUnauthorized,
            ...(tls.caFile !== undefined && { ca: pem(tls.caFile) }),
            ...(tls.certFile !== undefined && { cert: pem(tls.certFile) }),
            ...(tls.keyFile !== undefined && { key: pem(tls.keyFile) }),
            ...(tls.serverName !== undefined && { servername: tls.serverName }),
          }
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
    sasl:
      sasl === undefined
        ? undefined
        : { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password ?? '' },
  }
}

/** `host:port`, IPv6 in brackets. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
