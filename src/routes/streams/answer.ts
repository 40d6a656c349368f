import type { Writable } from 'node:stream'
import type { StreamOptions } from '../../../config/schema/index.ts'
import type { Feed, Format } from '../../feed.ts'
import { Problem } from '../../problem.ts'
import type { Exchange } from '../exchange.ts'
import { noBody } from '../inbound.ts'
import type { Inbound } from '../inbound.ts'
import { intake } from '../intake.ts'
import type { Shared, Way } from '../intake.ts'
import type { Params } from '../key.ts'
import { jittered } from './clients.ts'
import type { Clients } from './clients.ts'
import { ndjson } from './ndjson.ts'
import { WritableSink } from './sink.ts'
import { sse } from './sse.ts'
import { websocket } from './websocket.ts'

const types = { sse: 'text/event-stream', ndjson: 'application/x-ndjson', websocket: '' } as const
/** What a stream's core must know of the request, whatever the route lists. */
export const heard: readonly string[] = ['last-event-id']

/** Serves the requests of a stream: server-sent events, or WebSocket and lines of JSON for those who ask for them. Never throws. */
export function answerStream(
  way: Way,
  options: StreamOptions,
  clients: Clients,
  shared: Shared,
): (exchange: Exchange, params: Params) => void {
  const { name, route, service } = way
  const { enter } = intake({ ...way, route: { ...route, requestHeaders: [...route.requestHeaders, ...heard] } }, shared)

  async function serve(exchange: Exchange, params: Params, format: Format): Promise<void> {
    try {
      if (exchange.admission !== null) await exchange.admission
      const call = enter(exchange, params, noBody, route.priority)
      exchange.call = call
      const { feed, own = [] } = await service(call)
      if (feed === undefined) throw new Error('A stream route has no feed.')
      if (call.signal.aborted) throw call.signal.reason
      if (feed.over) return exchange.reply({ status: 204, headers: [], body: noBody }, nothingPasses)
      const problem = clients.refusal(call.client)
      if (problem !== null) throw problem
      if (own.length > 0) exchange.fields = [...(exchange.fields ?? []), ...own.flat()]
      if (format === websocket) accept(exchange, feed, call.client)
      else begin(exchange, feed, format, call.client)
    } catch (error) {
      refuse(exchange, Problem.from(error))
    }
  }

  function begin(exchange: Exchange, feed: Feed, format: Format, address: string): void {
    const res = exchange.open(types[format.name])
    if (res === null) return
    if (exchange.req.method === 'HEAD') return void res.end()
    if (format === sse) res.write(sse.end(jittered(options.retryMs)))
    join(res, feed, format, address)
  }

  const accept = (exchange: Exchange, feed: Feed, address: string): void =>
    exchange.req.socketUpgrade?.accept(socket => {
      exchange.upgraded()
      join(socket, feed, websocket, address)
    })

  function join(out: Writable, feed: Feed, format: Format, address: string): void {
    const { bufferBytes: boundBytes } = options
    const lagged = (): void => clients.lagged()
    const sink = new WritableSink(out, { format, boundBytes, flushMs: shared.bodyTimeoutMs, lagged })
    const counted = clients.enter(address, sink)
    const joined = feed.join(sink)
    out.on('close', () => {
      joined[Symbol.dispose]()
      counted[Symbol.dispose]()
    })
  }

  /** An EventSource that gets a 503 never comes again: it is answered, told when to come, and let go. */
  function refuse(exchange: Exchange, problem: Problem): void {
    const { status } = problem.spec
    const comesAgain =
      (status === 503 || status === 429) && /text\/event-stream/i.test(exchange.req.headers.accept ?? '')
    const res = comesAgain ? exchange.open(types.sse, problem) : null
    if (res === null) return exchange.refuse(problem)
    res.end(sse.end(Math.max(problem.retryAfterMs ?? 0, jittered(options.retryMs))))
  }

  return function answerStream(exchange, params) {
    exchange.route = name
    void serve(exchange, params, formatOf(exchange.req))
  }
}

const formatOf = ({ socketUpgrade, headers }: Inbound): Format =>
  socketUpgrade !== undefined ? websocket : /ndjson/i.test(headers.accept ?? '') ? ndjson : sse

const nothingPasses: ReadonlySet<string> = new Set()
