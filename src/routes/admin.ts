import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { AddressInfo } from 'node:net'
import { events } from '../events.ts'
import { changing } from './change.ts'
import type { Change } from './change.ts'
import { Console } from './console/index.ts'
import type { Watching } from './console/index.ts'
import { hostAndPort, listen } from './listen.ts'

/** Whether requests are welcome. The reasons say why not, or why only half. */
export type Readiness = Readonly<{ ready: boolean; degraded: boolean; reasons: readonly string[] }>

/** What the pages show. */
export type AdminPages = Readonly<{
  readiness: () => Readiness
  /** In the text format of Prometheus, or (`open`) in that of OpenMetrics. */
  metrics: (open: boolean) => Promise<string>
  /** To be shown as JSON: without secrets. */
  config: () => unknown
  /** The calls that wait, and those that ended last, as JSON. */
  calls: () => unknown
  /** The life of one call as JSON, null when it is not known. */
  call: (id: string) => unknown
  /** The processes that cannot go on by themselves. */
  processes: () => unknown
  /** The policies of every route with what they know at present, and the last refusals, as JSON. */
  policies: () => unknown
  /** Pages that only some gateways have, by path, as JSON. */
  more?: Readonly<Record<string, () => unknown>>
}>

export type AdminServer = Readonly<{
  /** `host:port`. */
  address: string
  port: number
  /** Stops accepting and closes every connection: nothing here is worth waiting for. */
  close(): Promise<void>
}>

type Page = Readonly<{ status: number; type: string; body: string }>
const json = (status: number, value: unknown): Page => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})
const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const metricsType = 'text/plain; version=0.0.4; charset=utf-8'
const failure = (status: number, error: string): Page => json(status, { error })

/**
 * Serves the pages, and what operators may change, on a port of their own. Throws an Error of one sentence when it cannot
 * listen.
 */
export async function administer(
  place: Readonly<{ host: string; port: number; token?: string | undefined }>,
  pages: AdminPages,
  changes: readonly Change[] = [],
  watching: Watching | null = null,
): Promise<AdminServer> {
  const guarded = isLoopback(place.host)
  const change = changing(changes, place.token)
  const shownLive = watching === null ? null : new Console(watching)
  const shown = new Map<string, (req: IncomingMessage) => Page | Promise<Page>>([
    ['/livez', () => json(200, { alive: true })],
    [
      '/metrics',
      async ({ headers: { accept = '' } }) => {
        const open = accept.includes('application/openmetrics-text')
        return { status: 200, type: open ? openMetricsType : metricsType, body: await pages.metrics(open) }
      },
    ],
    ['/config', () => json(200, pages.config())],
    ['/policies', () => json(200, pages.policies())],
    ['/processes', () => json(200, pages.processes())],
    ['/calls', () => json(200, pages.calls())],
    ...Object.entries(pages.more ?? {}).map(([path, show]) => [path, () => json(200, show())] as const),
  ])
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
    (req, res) => void answer(req, res),
  )
  server.maxConnections = 256

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const refused = refusal(req)
    try {
      if (refused === null && (await shownLive?.answer(req, res, pathOf(req))) === true) return
      show(res, refused ?? (await page(req)))
    } catch (cause) {
      events.warning.publish({ what: `The admin page ${req.url} failed.`, cause })
      show(res, failure(500, 'The page could not be made; the log says why.'))
    }
  }

  function show(res: ServerResponse, { status, type, body }: Page): void {
    const head = ['Content-Type', type, 'Content-Length', String(Buffer.byteLength(body)), 'Cache-Control', 'no-store']
    if (status === 405) head.push('Allow', 'GET, HEAD')
    if (status === 401) head.push('WWW-Authenticate', 'Bearer')
    res.writeHead(status, STATUS_CODES[status], [...head, 'X-Content-Type-Options', 'nosniff'])
    res.end(body)
  }

  /** Why nobody is answered whom a page of another site has sent, or null. */
  function refusal({ headers, method }: IncomingMessage): Page | null {
    if (guarded && !isPlainHost(headers.host)) return failure(403, 'The Host must be an address or localhost.')
    return isForeign(headers, method) ? failure(403, 'A page of another site may only link to here.') : null
  }

  async function page(req: IncomingMessage): Promise<Page> {
    const { url = '', method } = req
    const [path = '', query = ''] = url.split('?', 2)
    const changed = await change(req, path)
    if (changed !== null) return json(changed.status, changed.body)
    const look = shown.get(path) ?? lifeAt(path)
    if (look === undefined && path !== '/readyz')
      return failure(404, `There are /readyz, ${[...shown.keys()].join(', ')}.`)
    if (method !== 'GET' && method !== 'HEAD') return failure(405, 'Pages are only read.')
    if (look !== undefined) return await look(req)
    const { ready, degraded, reasons } = pages.readiness()
    const verbose = query.split('&').some(option => option === 'verbose' || option.startsWith('verbose='))
    return json(ready ? 200 : 503, verbose ? { ready, degraded, reasons } : { ready })
  }

  function lifeAt(path: string): (() => Page) | undefined {
    const [, id] = /^\/calls\/([\w:-]{1,100})$/.exec(path) ?? []
    if (id === undefined) return undefined
    return () => {
      const life = pages.call(id)
      return life === null
        ? failure(404, 'No such call runs, nor is it one of the last: see admin.calls.')
        : json(200, life)
    }
  }

  await listen(server, place)
  const { port } = server.address() as AddressInfo
  return {
    address: hostAndPort(place.host, port),
    port,
    close: async () => {
      shownLive?.[Symbol.dispose]()
      const { promise, resolve } = Promise.withResolvers<void>()
      server.close(() => resolve())
      server.closeAllConnections()
      await promise
    },
  }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')
const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'))

const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? ''

/** Whether a browser sends it for a page of another site (Fetch Metadata; else by Origin). A link to a page is welcome. */
function isForeign(headers: IncomingHttpHeaders, method: string | undefined): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return true
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return !(mode === 'navigate' && method === 'GET')
}

/**
 * Whether no name server had a say in this Host. A page in a browser may make its own name point to 127.0.0.1 and then read what
 * listens there (DNS rebinding); the name it was loaded from stays in the header.
 */
function isPlainHost(host: string | undefined): boolean {
  if (host === undefined) return true // HTTP/1.0, which no browser speaks
  const name = host.replace(/:\d{1,5}$/, '')
  if (name.startsWith('[')) return name.endsWith(']') && isIPv6(name.slice(1, -1))
  return name.toLowerCase() === 'localhost' || isIP(name) === 4
}
