import { readFileSync } from 'node:fs'
import { buildConnector } from 'undici'
import type { BrokerOptions } from '../../../config/schema/index.ts'

export type TlsFiles = Exclude<BrokerOptions['tls'], boolean>
/** Where an endpoint is dialled: its address, whatever its URL is named. */
export type Place = Readonly<{ host: string; port: number }>

/**
 * Dials a place in the name of its URL, which stays in the Host field and in the certificate. Files are read anew at each
 * dial, as certificates are renewed in them. Throws here when one cannot be read.
 */
export function dialler(place: Place | null, connectMs: number, tls: TlsFiles | undefined): buildConnector.connector {
  const read = (): buildConnector.BuildOptions => {
    const options: Record<string, unknown> = { timeout: connectMs, allowH2: false }
    if (tls === undefined) return options
    const { caFile, certFile, keyFile, serverName, rejectUnauthorized } = tls
    for (const [name, file] of [
      ['ca', caFile],
      ['cert', certFile],
      ['key', keyFile],
    ] as const)
      if (file !== undefined) options[name] = readFileSync(file)
    return { ...options, rejectUnauthorized, ...(serverName !== undefined && { servername: serverName }) }
  }
  let connect = buildConnector(read())
  return (options, callback) => {
    if (tls !== undefined)
      try {
        connect = buildConnector(read())
      } catch (error) {
        return callback(error as Error, null)
      }
    connect(place === null ? options : { ...options, hostname: place.host, port: String(place.port) }, callback)
  }
}
