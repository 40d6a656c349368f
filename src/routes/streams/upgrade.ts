import { ServerResponse } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Inbound, Upgrade } from '../inbound.ts'

/** What clients of a stream may say at most: they are not asked anything. */
const mostSaidBytes = 4_096

/**
 * Whether a request is taken as an upgrade: by GET and to WebSocket only. Java's HttpClient offers h2c with every request, which
 * must go on as if it had not.
 */
export const isUpgrade = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && /^websocket$/i.test(headers.upgrade ?? '')

/**
 * Lets clients of streams come by WebSocket. An upgrade goes the way of every request, and is refused on it as any other; who serves
 * it finds in the request how to accept.
 */
export function acceptUpgrades(server: Server, handle: (req: Inbound, res: ServerResponse) => void): Disposable {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: mostSaidBytes,
  })
  const open = new Set<Duplex>()
  const upgrade = (req: Inbound, socket: Duplex, head: Buffer): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    const res = new ServerResponse(req)
    res.shouldKeepAlive = false
    res.assignSocket(socket as Socket)
    res.on('finish', () => {
      socket.end()
      socket.resume() // nobody else reads it, and unread it would never close
    })
    req.socketUpgrade = { accept: accepted => accept(req, res, { socket, head, accepted }) }
    handle(req, res)
  }
  const accept = (req: Inbound, res: ServerResponse, { socket, head, accepted }: Accepting): void => {
    res.detachSocket(socket as Socket)
    sockets.handleUpgrade(req, socket, head, client => {
      client.on('error', () => socket.destroy()) // it has said why: too much, or no WebSocket
      client.on('message', () => {}) // a stream is only read
      accepted(socket)
    })
  }
  server.on('upgrade', upgrade)
  return {
    [Symbol.dispose]: () => {
      for (const socket of open) socket.destroy()
    },
  }
}

type Accepting = Readonly<{ socket: Duplex; head: Buffer; accepted: Parameters<Upgrade['accept']>[0] }>
