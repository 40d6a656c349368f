import { load, shipped } from '../../config/load.ts'
import { Config } from '../../config/schema/index.ts'
import { start } from '../../src/app.ts'
import type { Gateway } from '../../src/app.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { client } from './ask.ts'
import type { Ask } from './ask.ts'
import { certificates } from './certificates.ts'
import type { Signed } from './certificates.ts'
import { h2Client } from './h2.ts'
import { handWorker } from './hand.ts'
import type { Hand } from './hand.ts'
import { Metrics } from './metrics.ts'
import type { Scope } from './scope.ts'

/** A part of a configuration: what it does not say stays as it is. */
export type Part = { readonly [name: string]: unknown }

const usual: Part = {
  server: { host: '127.0.0.1', port: 0 },
  admin: { port: 0 },
  log: { level: 'silent' },
  drain: { delayMs: 0, limitMs: 2_000 },
  overload: { mode: 'off' }, // the machine of the tests may be busier than any gateway should be
  workers: { orders: { topic: 'orders.commands' } },
  routes: {
    'place-order': { match: 'POST /orders', command: { to: 'orders', key: 'body.orderId' }, timeoutMs: 2_000 },
    'read-order': { match: 'GET /orders/:orderId', query: { to: 'orders', key: 'path.orderId' }, timeoutMs: 2_000 },
    signal: { match: 'POST /signals', event: { topic: 'signals' }, delivery: 'volatile' },
  },
}

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Both parts in one, the second above the first; null takes something away. */
export function merged(under: Part, over: Part): Part {
  const all: Record<string, unknown> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = all[name]
    if (value === null) delete all[name]
    else all[name] = isPart(below) && isPart(value) ? merged(below, value) : value
  }
  return all
}

/** The configuration of the stories: the shipped one on free ports, with what a story says. */
export const configOf = (over: Part = {}): Config => Config.parse(merged(usual, over))

export type Admin = Readonly<{
  ready: () => Promise<Readonly<{ status: number; ready: boolean; degraded: boolean; reasons: readonly string[] }>>
  metrics: () => Promise<Metrics>
  ask: Ask
}>

/** What anybody sees of a gateway through its admin port. */
export function adminOf(t: Scope, url: string): Admin {
  const admin = client(url)
  t.after(() => admin[Symbol.dispose]())
  return {
    ask: admin.ask,
    ready: async () => {
      const { status, json } = await admin.ask('/readyz?verbose')
      return { status, ...(json as { ready: boolean; degraded: boolean; reasons: string[] }) }
    },
    metrics: async () => new Metrics((await admin.ask('/metrics')).text),
  }
}

export type Opened = Readonly<{ gateway: Gateway; broker: MemoryBroker; ask: Ask; admin: Admin }>
export type Options = Readonly<{ broker?: MemoryBroker; demo?: boolean }>

/** The whole gateway on free ports and an embedded broker, not waited for; gone with the test. */
export const openGateway = (t: Scope, over: Part = {}, options: Options = {}): Promise<Opened> =>
  opened(t, configOf(over), options)

/** As above, but as shipped. */
export function openShipped(t: Scope): Promise<Opened> {
  const { config } = load(shipped, { set: ['server.port=0', 'admin.port=0', 'log.level=silent'], env: {} })
  if (config === null) throw new Error('The shipped configuration does not hold.')
  return opened(t, config, { demo: true })
}

/** The same by TLS, so that clients may speak HTTP/2. */
const secured = ({ server, ...config }: Config, { certFile, keyFile }: Signed): Config => ({
  ...config,
  server: { ...server, tls: Config.parse({ server: { tls: { certFile, keyFile } }, routes: {} }).server.tls },
})

async function opened(t: Scope, config: Config, options: Options): Promise<Opened> {
  const { broker = new MemoryBroker(), demo = false } = options
  const overH2 = process.env['OVER'] === 'h2' // npm run test:h2
  const tls = overH2 ? certificates(t) : undefined
  const gateway = await start(tls === undefined ? config : secured(config, tls), { broker, demo })
  const { ask, ...held } = overH2 ? h2Client(gateway.url) : client(gateway.url)
  t.after(async () => {
    await gateway.stop({ delayMs: 0 })
    held[Symbol.dispose]()
    if (options.broker === undefined) await broker[Symbol.asyncDispose]()
  })
  return { gateway, broker, ask, admin: adminOf(t, gateway.adminUrl) }
}

/** As above, once it is ready, with a worker for `orders` that waits for the test's hand. */
export async function aGateway(
  t: Scope,
  over: Part = {},
  options: Options = {},
): Promise<Opened & Readonly<{ worker: Hand }>> {
  const opened = await openGateway(t, over, options)
  await opened.gateway.ready
  return { ...opened, worker: await handWorker(t, opened.broker) }
}

export const anOrder = { orderId: 'o-1', amount: 42 } as const
