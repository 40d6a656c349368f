import { Aborter } from '../../aborter.ts'
import type { Resources, Seen, Told } from '../../bridge/operations/index.ts'
import { Problem } from '../../problem.ts'
import type { Exchange } from '../exchange.ts'
import type { Clients } from '../streams/clients.ts'
import { WritableSink } from '../streams/sink.ts'
import { sse } from '../streams/sse.ts'

const beatMs = 15_000
const boundBytes = 65_536
const retryMs = 1_000

const written = ({ id, kind, data }: Told): Buffer =>
  Buffer.from(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)

export type EventParts = Readonly<{ operations: Resources; clients: Clients; flushMs: number }>

/**
 * Tells what happens to an operation as server-sent events, until its end; `Last-Event-ID` goes on behind what the client has
 * had. One that has had the end gets 204, which tells it not to come again. Throws stream-full and draining.
 */
export function tellEvents(
  { operations, clients, flushMs }: EventParts,
  exchange: Exchange,
  client: string,
  seen: Seen,
): void {
  const last = lastOf(exchange)
  if (seen.told.some(told => told.last && told.id <= last)) return exchange.reply(nothing, noHeaders)
  const refusal = clients.refusal(client)
  if (refusal !== null) throw refusal
  const res = exchange.open('text/event-stream')
  if (res === null) return
  if (exchange.req.method === 'HEAD') return void res.end()
  const closed = new Aborter()
  const sink = new WritableSink(res, { format: sse, boundBytes, flushMs, lagged: () => clients.lagged() })
  const counted = clients.enter(client, sink)
  res.on('close', () => {
    counted[Symbol.dispose]()
    closed.abort(null)
  })
  res.write(sse.end(retryMs))
  void follow(operations, { seen, last, sink, closed }).finally(() => res.end())
}

type Following = Readonly<{ seen: Seen; last: number; sink: WritableSink; closed: Aborter }>

async function follow(operations: Resources, { seen, last, sink, closed }: Following): Promise<void> {
  let had = last
  for (let now: Seen | null = seen; now !== null && !sink.gone;) {
    for (const told of now.told) {
      if (told.id <= had) continue
      if (!sink.write(written(told))) return sink.lag()
      had = told.id
      if (told.last) return
    }
    const { version, state }: Seen = now
    now = await operations.until(state.id, later => later.version !== version, beatMs, closed)
    if (now?.version === version) sink.write(sse.beat(null))
  }
}

/** Throws invalid-request for what is no id of ours. */
function lastOf({ req }: Exchange): number {
  const said = req.headers['last-event-id']
  if (said === undefined || said === '') return -1
  if (typeof said !== 'string' || !/^\d{1,15}$/.test(said))
    throw new Problem('invalid-request', 'The Last-Event-ID is none of ours.')
  return Number(said)
}

const nothing = { status: 204, headers: [], body: new Uint8Array() } as const
const noHeaders: ReadonlySet<string> = new Set()
