import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ServerOptions } from '../../config/schema/index.ts'
import { after } from '../clock.ts'
import type { Edge } from './edge.ts'
import { Inbound } from './inbound.ts'
import { hostAndPort, listen } from './listen.ts'
import { malformed } from './malformed.ts'

/** The listening server of the clients. */
export type Front = Readonly<{
  /** `host:port`, or the path of the socket. */
  address: string
  /** The TCP port; 0 behind a Unix socket. */
  port: number
  /** How many connections are open. */
  readonly connections: number
  /** From now on every answer closes its connection; new ones are still served. */
  drain(): void
  /** Ends all streams, spread over so long, and begins none. */
  endStreams(overMs: number): void
  /** Stops accepting, closes what is idle, and what is left after `limitMs`. Resolves when no connection is open. */
  close(limitMs: number): Promise<void>
}>

/** Listens as the options say. Throws an Error of one sentence when the address cannot be had. */
export async function serve(options: ServerOptions, edge: Edge): Promise<Front> {
  const { limits } = options
  const { handle, door, streams } = edge
  // not loaded where it is not used
  const upgrades = streams.length === 0 ? null : await import('./streams/upgrade.ts')
  const server = createServer({
    IncomingMessage: Inbound,
    // no stream for a body that is not there: 2 µs less for a GET
    optimizeEmptyRequests: true,
    // of the whole head; which part is too long is said per request (431, 414)
    maxHeaderSize: limits.headerBytes + limits.urlBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs + limits.bodyTimeoutMs,
    connectionsCheckingInterval: Math.min(500, limits.headersTimeoutMs),
    keepAliveTimeout: limits.keepAliveMs,
    requireHostHeader: false, // its answer would be an empty 400; see head.ts
    noDelay: true,
    ...(upgrades !== null && { shouldUpgradeCallback: upgrades.isUpgrade }),
  })
  server.maxHeadersCount = 0 // else headers beyond it are dropped without a word; see head.ts
  server.maxConnections = limits.connections
  const upgraded = upgrades?.acceptUpgrades(server, handle)
  let connections = 0 // the server would count them for a callback only
  server.on('connection', socket => {
    connections++
    socket.on('close', () => connections--)
  })
  server.on('request', handle)
  server.on('checkContinue', handle) // a body that is refused by its length must not be asked for
  server.on('checkExpectation', handle)
  server.on('clientError', malformed(limits.urlBytes))
  await listen(server, options)
  const bound = server.address() as AddressInfo | string
  const port = typeof bound === 'string' ? 0 : bound.port
  return {
    address: typeof bound === 'string' ? bound : hostAndPort(options.host, port),
    port,
    get connections() {
      return connections
    },
    drain() {
      door.closing = true
    },
    endStreams(overMs) {
      for (const stream of streams) stream.end(overMs)
    },
    close(limitMs) {
      door.closing = true
      return close(server, limitMs, upgraded)
    },
  }
}

function close(server: Server, limitMs: number, upgraded: Disposable | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const alarm = after(limitMs, () => {
    server.closeAllConnections()
    upgraded?.[Symbol.dispose]() // no longer the server's own
  })
  server.close(() => {
    alarm.cancel()
    resolve()
  })
  return promise
}
