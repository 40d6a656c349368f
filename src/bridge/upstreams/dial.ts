import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import { buildConnector } from 'undici'
import type { BrokerOptions } from '../../../config/schema/index.ts'

export type TlsFiles = Exclude<BrokerOptions['tls'], boolean>
/** Where an endpoint is dialled: its address, whatever its URL is named. */
export type Place = Readonly<{ host: string; port: number }>

const undialled = new WeakSet<Error>()

/** Whether there was no connection: the server certainly has not got the request. */
export const isUndialled = (error: Error): boolean => undialled.has(error)

/**
 * Dials a place in the name of its URL, which stays in the Host field and in the certificate. Files are read anew at each
 * dial, as certificates are renewed in them; while one is missing, or a certificate and its key do not belong together, the
 * last ones are used, and `stale` says why; null when that is over. Throws here when they cannot be used at all.
 */
export function dialler(
  place: Place | null,
  connectMs: number,
  tls: TlsFiles | undefined,
  stale: (why: string | null) => void = () => {},
): buildConnector.connector {
  const made = (): buildConnector.connector =>
    buildConnector({ ...(tls !== undefined && tlsOptions(tls)), timeout: connectMs, allowH2: false })
  let connect = made()
  return (options, callback) => {
    if (tls !== undefined)
      try {
        connect = made()
        stale(null)
      } catch (error) {
        stale((error as NodeJS.ErrnoException).code ?? (error as Error).message)
      }
    connect(place === null ? options : { ...options, hostname: place.host, port: String(place.port) }, (...result) => {
      const [error] = result
      if (error !== null) undialled.add(error)
      callback(...result)
    })
  }
}

function tlsOptions(files: TlsFiles): Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'servername'> {
  const { caFile, certFile, keyFile, serverName, rejectUnauthorized } = files
  const read: SecureContextOptions = {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  }
  const named = serverName !== undefined && { servername: serverName }
  return { secureContext: createSecureContext(read), rejectUnauthorized, ...named }
}
