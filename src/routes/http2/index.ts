import { performServerHandshake } from 'node:http2'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { ServerOptions } from '../../../config/schema/index.ts'
import type { Connections } from '../connections.ts'
import type { Edge } from '../edge.ts'
import { StreamInbound } from './request.ts'
import { StreamResponse } from './response.ts'
import { Session } from './session.ts'

/** What a client may have under way to us: per request, and on the connection. Our own bounds stand behind it. */
const streamWindowBytes = 262_144
const sessionWindowBytes = 1_048_576

/** Serves connections by HTTP/2 (RFC 9113), as the edge serves requests of HTTP/1. */
export function http2Sessions(
  { limits, http2 }: ServerOptions,
  { handle, door }: Pick<Edge, 'handle' | 'door'>,
  connections: Connections,
): (socket: TLSSocket) => void {
  const options = {
    // a few more than are allowed, so that a sentence can be said of those beyond
    maxHeaderListPairs: limits.headers * 2 + 8,
    settings: {
      maxConcurrentStreams: http2.streams,
      maxHeaderListSize: limits.headerBytes + limits.urlBytes,
      initialWindowSize: streamWindowBytes,
      enablePush: false,
    },
  }
  return socket => {
    const session = performServerHandshake(socket, options)
    const connection = new Session(socket, session, http2.resets)
    connections.add(connection)
    session.on('close', () => connections.remove(connection))
    session.on('error', () => {}) // the streams are told by their own ends
    session.setLocalWindowSize(sessionWindowBytes)
    session.setTimeout(limits.keepAliveMs || limits.headersTimeoutMs, () => {
      if (connection.idle) connection.close()
    })
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => {
      const req = new StreamInbound(socket, stream, headers, flags)
      const res = new StreamResponse(stream)
      stream.on('close', () => {
        if (connection.left(req.exchange)) connection.reset()
      })
      if (door.closing) connection.notice()
      handle(req, res, connection)
    })
  }
}
