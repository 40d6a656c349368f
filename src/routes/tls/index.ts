import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { ServerOptions as HttpOptions } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { ServerOptions } from '../../../config/schema/index.ts'
import type { Inbound } from '../inbound.ts'
import { Certificates } from './certificates.ts'

export type Secured = Readonly<{ server: Server; certificates: Disposable }>
type Options = Readonly<{
  server: ServerOptions
  /** As for a listener without TLS. */
  http: HttpOptions<typeof Inbound>
  /** A connection on which the client has chosen HTTP/2. */
  http2: ((socket: TLSSocket) => void) | null
}>

/**
 * A listener with TLS. Who chooses HTTP/2 (ALPN, RFC 7301) goes to `http2`, all others are served as without TLS. Throws an
 * Error of one sentence when the files do not hold.
 */
export function secureServer({ server: options, http, http2 }: Options): Secured {
  const { tls, limits } = options
  if (tls === undefined) throw new Error('The server has no TLS.')
  const certificates = new Certificates(tls, context => server.setSecureContext(context))
  const server = createServer({
    ...http,
    ...certificates.first,
    ALPNProtocols: http2 === null ? ['http/1.1'] : ['h2', 'http/1.1'],
    requestCert: tls.clientCaFile !== undefined,
    rejectUnauthorized: tls.clientCertificate === 'required',
    handshakeTimeout: limits.headersTimeoutMs,
  })
  const [http1] = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[]
  server.removeAllListeners('secureConnection')
  server.on('secureConnection', socket => {
    if (http2 !== null && socket.alpnProtocol === 'h2') http2(socket)
    else http1?.call(server, socket)
  })
  return { server, certificates }
}
