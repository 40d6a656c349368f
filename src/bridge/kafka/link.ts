import net from 'node:net'
import tls from 'node:tls'
import Connection from 'kafkajs/src/network/connection.js'
import type { Exchange } from 'kafkajs/src/network/connection.js'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import kafkaLoggers from 'kafkajs/src/loggers/index.js'
import kafkaRequests from 'kafkajs/src/protocol/requests/index.js'
import { after, later, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import type { Access } from './access.ts'

// kafkajs re-arms a timer for throttled requests for ever, 910 times a second on an idle connection
const { prototype } = RequestQueue
const schedule: (this: RequestQueue) => void = Reflect.get(prototype, 'scheduleCheckPendingRequests')
prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this)
}

/** The connection was lost, or given up. `written` is false when the request certainly did not leave us. */
export class LinkLost extends Error {
  override readonly name = 'LinkLost'
  readonly written: boolean

  constructor(message: string, written: boolean) {
    super(message)
    this.written = written
  }
}

/** One connection to one node, ready for requests: negotiated and authenticated. */
export interface Link {
  readonly open: boolean
  /** Whether the node knows this kind of request, in this version: it would hang up on another. */
  readonly knows: (apiKey: number, version?: number) => boolean
  /** For how long the broker still holds the connection back, and answers nothing (KIP-219); 0 when it does not. */
  readonly mutedMs: number
  /** Throws LinkLost. After `limitMs` of silence, the time that the broker holds us back not counted, the link is given up: what comes later would answer the wrong question. */
  send<T>(exchange: Exchange<T>, limitMs: number): Promise<T>
  close(reason: string): void
}

const silent = kafkaLoggers.createLogger({ level: 0, logCreator: () => () => {} })

/** Dials, negotiates and authenticates, each in `connectMs`: a far cluster needs many round trips. Throws what went wrong. `onClosed` is called once. */
export async function dial(
  host: string,
  port: number,
  { clientId, connectMs, ssl, sasl }: Access,
  onClosed: (reason: string) => void,
): Promise<Link> {
  let open = false
  let over: string | null = null
  let socket: net.Socket | undefined
  let known: ReadonlyMap<number, number> = new Map() // the newest version of each kind of request
  let mutedUntil: Instant | null = null
  const connection: Connection = new Connection({
    host,
    port,
    clientId,
    ssl,
    sasl,
    logger: silent,
    connectionTimeout: connectMs,
    requestTimeout: 30_000,
    enforceRequestTimeout: false, // it would poll ten times a second; `limitMs` does it
    socketFactory: ({ onConnect }: { onConnect: () => void }) => {
      socket =
        ssl === undefined
          ? net.connect({ host, port }, onConnect)
          : tls.connect({ host, port, ...(net.isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, 30_000)
      socket.once('close', () => close('the broker closed the connection'))
      return socket
    },
  })

  function close(reason: string): void {
    if (over !== null) return
    over = reason
    const wasOpen = open
    open = false
    connection.rejectRequests(new LinkLost(reason, true))
    void connection.disconnect().catch(() => {})
    socket?.destroy()
    if (wasOpen) onClosed(reason)
  }

  function mutedMs(): number {
    return mutedUntil === null ? 0 : Math.max(0, until(mutedUntil))
  }

  async function send<T>(exchange: Exchange<T>, limitMs: number): Promise<T> {
    if (over !== null) throw new LinkLost(over, false)
    const silenceMs = limitMs + mutedMs()
    const limit = after(silenceMs, () => close(`no answer to ${exchange.request.apiName} within ${silenceMs} ms`))
    try {
      const answer = await connection.send(exchange)
      if ((exchange.throttleMs ?? 0) > 0) mutedUntil = later(exchange.throttleMs ?? 0)
      return answer
    } catch (error) {
      if (error instanceof LinkLost) throw error
      const said = error instanceof Error ? error : new Error(String(error))
      const lost = said.name.startsWith('KafkaJSConnection')
      if (lost) close(said.message)
      throw lost ? new LinkLost(said.message, said.message !== 'Not connected') : error
    } finally {
      limit.cancel()
    }
  }

  const step = <T>(what: string, work: Promise<T>): Promise<T> => {
    const limit = after(connectMs, () => close(`${what} within ${connectMs} ms`))
    return work.finally(() => limit.cancel())
  }
  try {
    await step('no connection', connection.connect())
    const { apiVersions } = await send(kafkaRequests.requests.ApiVersions.protocol({ version: 2 })(), connectMs)
    known = new Map(apiVersions.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]))
    connection.setVersions(Object.fromEntries(apiVersions.map(api => [api.apiKey, api])))
    connection.setSupportAuthenticationProtocol(true)
    await step('no authentication', connection.authenticate())
    if (over !== null) throw new LinkLost(over, false)
    open = true
  } catch (error) {
    close(error instanceof Error ? error.message : String(error))
    throw error
  }
  return {
    get open() {
      return open
    },
    get mutedMs() {
      return mutedMs()
    },
    knows: (apiKey, version = 0) => (known.get(apiKey) ?? -1) >= version,
    send,
    close,
  }
}
