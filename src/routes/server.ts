import { createServer } from 'node:http'
import type { Server, ServerOptions as HttpOptions } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ServerOptions } from '../../config/schema/index.ts'
import { after } from '../clock.ts'
import { localPeer } from './client.ts'
import { Connection } from './connection.ts'
import { Connections } from './connections.ts'
import type { Edge } from './edge.ts'
import { Inbound } from './inbound.ts'
import { hostAndPort, listen } from './listen.ts'
import { malformed } from './malformed.ts'
import type { Secured } from './tls/index.ts'

/** The listening server of the clients. */
export type Front = Readonly<{
  /** `host:port`, or the path of the socket. */
  address: string
  /** The TCP port; 0 behind a Unix socket. */
  port: number
  /** Whether it speaks TLS. */
  secure: boolean
  /** How many connections are open. */
  readonly connections: number
  /** The method of each request that is not answered yet. */
  methods(): Iterable<string>
  /** From now on every answer closes its connection, and idle ones are closed over this time; new ones are still served. */
  drain(overMs: number): void
  /**
   * Takes no more connections, from a moment on in which nobody asks anything; what has been accepted is served. Resolves with
   * false when there is no such moment in time: then it goes on listening.
   */
  retire(limitMs: number): Promise<boolean>
  /** Resolves once every connection has had its last answer, or when the signal aborts. */
  finished(signal: AbortSignal): Promise<void>
  /** Ends all streams, spread over so long, and begins none. */
  endStreams(overMs: number): void
  /** Stops accepting, closes what is idle, and what is left after `limitMs`. Resolves when no connection is open. */
  close(limitMs: number): Promise<void>
}>

/** Listens as the options say. Throws an Error of one sentence when the address cannot be had. */
export async function serve(options: ServerOptions, edge: Edge): Promise<Front> {
  const { limits } = options
  const { handle, door, streams, longestBodyMs } = edge
  // not loaded where it is not used
  const upgrades = streams.length === 0 ? null : await import('./streams/upgrade.ts')
  const connections = new Connections()
  const settings = {
    IncomingMessage: Inbound,
    // no stream for a body that is not there: 2 µs less for a GET
    optimizeEmptyRequests: true,
    // of the whole head; which part is too long is said per request (431, 414)
    maxHeaderSize: limits.headerBytes + limits.urlBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs + longestBodyMs,
    connectionsCheckingInterval: Math.min(500, limits.headersTimeoutMs),
    keepAliveTimeout: limits.keepAliveMs,
    requireHostHeader: false, // its answer would be an empty 400; see head.ts
    noDelay: true,
    ...(upgrades !== null && { shouldUpgradeCallback: upgrades.isUpgrade }),
  }
  const secured = options.tls === undefined ? null : await secure(options, settings, edge, connections)
  const server = secured?.server ?? createServer(settings)
  Object.assign(server, { httpAllowHalfOpen: true }) // a client may end its side before it has read the answer
  server.maxHeadersCount = 0 // else headers beyond it are dropped without a word; see head.ts
  server.maxConnections = limits.connections
  const upgraded = upgrades?.acceptUpgrades(server, handle)
  const unnamed = options.socket === undefined ? undefined : localPeer
  const counted = (socket: Socket): void => {
    const connection = Connection.of(socket, unnamed)
    connections.add(connection)
    socket.on('close', () => connections.remove(connection))
  }
  if (secured === null) server.on('connection', counted)
  else server.on('secureConnection', (socket: TLSSocket) => isStreamed(socket) || counted(socket))
  server.on('request', handle)
  server.on('checkContinue', handle) // a body that is refused by its length must not be asked for
  server.on('checkExpectation', handle)
  server.on('clientError', malformed(limits.urlBytes, limits.keepAliveMs))
  await listen(server, options)
  const bound = server.address() as AddressInfo | string
  const port = typeof bound === 'string' ? 0 : bound.port
  return {
    address: typeof bound === 'string' ? bound : hostAndPort(options.host, port),
    port,
    secure: secured !== null,
    get connections() {
      return connections.count
    },
    methods: () => connections.methods(),
    drain(overMs) {
      door.closing = true
      connections.notice()
      connections.closeIdle(overMs)
    },
    endStreams(overMs) {
      for (const stream of streams) stream.end(overMs)
    },
    retire: limitMs => retire(server, come => connections.quiet(limitMs, come)),
    finished: signal => connections.finished(signal),
    close(limitMs) {
      door.closing = true
      secured?.certificates[Symbol.dispose]()
      connections.closeStreams(limitMs)
      return close(server, limitMs, upgraded).finally(() => connections[Symbol.dispose]())
    },
  }
}

const isStreamed = ({ alpnProtocol }: TLSSocket): boolean => alpnProtocol === 'h2'

/** Not loaded where it is not used. */
async function secure(
  options: ServerOptions,
  http: HttpOptions<typeof Inbound>,
  edge: Edge,
  connections: Connections,
): Promise<Secured> {
  const { secureServer } = await import('./tls/index.ts')
  const { enabled } = options.http2
  const http2 = enabled ? (await import('./http2/index.ts')).http2Sessions(options, edge, connections) : null
  return secureServer({ server: options, http, http2 })
}

/**
 * While it waits for the moment, new connections are accepted and not served yet: whoever is answered and asks again would never
 * let it come, and who stands in the backlog of the system when it ends gets a reset.
 */
async function retire(server: Server, quiet: (come: () => number) => Promise<boolean>): Promise<boolean> {
  const waiting: Socket[] = []
  const served = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => waiting.push(socket.on('error', () => {})))
  const found = await quiet(() => waiting.length)
  if (found) NetServer.prototype.close.call(server) // Node's own for HTTP would also destroy what is idle
  server.removeAllListeners('connection')
  for (const listener of served) server.on('connection', listener)
  for (const socket of waiting) server.emit('connection', socket)
  return found
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
