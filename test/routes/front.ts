import type { TestContext } from 'node:test'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Config } from '../../config/schema/index.ts'
import type { Call, Reply, Service } from '../../src/call.ts'
import { events } from '../../src/events.ts'
import type { Happenings } from '../../src/events.ts'
import { edge } from '../../src/routes/edge.ts'
import type { Edge } from '../../src/routes/edge.ts'
import type { Admit } from '../../src/routes/identity/guard.ts'
import type { Shared } from '../../src/routes/intake.ts'
import { serve } from '../../src/routes/server.ts'
import type { Front } from '../../src/routes/server.ts'

export type Finished = Happenings['finished']
type Options = Readonly<{
  routes?: Record<string, Record<string, unknown>>
  server?: Record<string, unknown>
  service?: Service<Call, Reply>
  partitionFor?: Shared['partitionFor']
  faultsOf?: Shared['faultsOf']
  admit?: Admit
}>
type Opened = Readonly<{ url: string; front: Front; edge: Edge; calls: Call[]; finished: Finished[] }>

const someRoutes = {
  'place-order': { match: 'POST /orders', command: { to: 'orders', key: 'body.orderId' } },
  'read-order': { match: 'GET /orders/:orderId', query: { to: 'orders', key: 'path.orderId' } },
  signal: { match: 'POST /signals', event: { topic: 'signals' } },
}

/** Parses as the gateway does, so that the routes and limits of a test have all their defaults. */
export const configOf = (routes: Record<string, unknown>, server: Record<string, unknown> = {}): Config =>
  Config.parse({
    server: { host: '127.0.0.1', port: 0, ...server },
    workers: { orders: { topic: 'orders.commands' } },
    routes,
  })

export const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: [['content-type', 'application/json']],
  body: Buffer.from(JSON.stringify(value)),
})

/** The routes behind a real listener on a free port, with everything that happened. */
export async function open(
  t: TestContext,
  {
    routes = someRoutes,
    server,
    service = async () => json({ ok: true }),
    partitionFor = () => 0,
    faultsOf = null,
    admit,
  }: Options = {},
): Promise<Opened> {
  const config = configOf(routes, server)
  const calls: Call[] = []
  const finished: Finished[] = []
  const listener = (message: Finished): void => void finished.push(message)
  const watched: Service<Call, Reply> = call => {
    calls.push(call)
    return service(call)
  }
  const behind = edge({
    faultsOf,
    ...(admit !== undefined && { admit }),
    ways: Object.entries(config.routes).map(([name, route]) => {
      const topic = route.event?.topic ?? 'orders.commands'
      return { name, route, topic, service: watched }
    }),
    server: config.server,
    partitionFor,
  })
  const front = await serve(config.server, behind)
  events.finished.subscribe(listener)
  t.after(async () => {
    events.finished.unsubscribe(listener)
    for (const socket of clients.get(front) ?? []) socket.destroy() // with its clock frozen the server would not
    await front.close(0)
  })
  return { url: `http://127.0.0.1:${front.port}`, front, edge: behind, calls, finished }
}

export type Answer = Readonly<{ status: number; headers: Readonly<Record<string, string>>; body: string }>
export type Wire = Readonly<{
  socket: Socket
  send(text: string | Uint8Array): void
  /** The next whole answer. Rejects when the connection ends before. */
  answer(): Promise<Answer>
  /** Resolves when the server has closed the connection. */
  closed: Promise<void>
}>

const clients = new WeakMap<Front, Socket[]>()

/** A client that writes what no well-behaved one would. */
export function wire(to: Front): Wire {
  const socket = connect(to.port === 0 ? { path: to.address } : { port: to.port, host: '127.0.0.1' })
  let text = ''
  let wanted = 0 // so long the text must be before it is worth another look
  let ended = false
  let wake = (): void => {}
  const closed = Promise.withResolvers<void>()
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
    if (text.length >= wanted) wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
    closed.resolve()
    wake()
  })
  clients.set(to, [...(clients.get(to) ?? []), socket])
  const next = (): Answer | null => {
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return null
    const [first = '', ...lines] = text.slice(0, end).split('\r\n')
    const status = Number(first.split(' ')[1])
    const headers = Object.fromEntries(
      lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    )
    const length = Number(headers['content-length'] ?? 0)
    wanted = end + 4 + length
    if (text.length < wanted) return null
    wanted = 0
    const body = text.slice(end + 4, end + 4 + length)
    text = text.slice(end + 4 + length)
    return { status, headers, body }
  }
  return {
    socket,
    send: bytes => void socket.write(bytes),
    closed: closed.promise,
    async answer() {
      for (;;) {
        const answer = next()
        if (answer !== null) return answer
        if (ended) throw new Error(`The connection ended with ${JSON.stringify(text)}`)
        const woken = Promise.withResolvers<void>()
        wake = woken.resolve
        await woken.promise
      }
    },
  }
}

export const problemOf = ({ body }: Answer): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>
