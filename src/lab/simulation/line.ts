import type { Config } from '../../../config/schema/index.ts'
import { Aborter } from '../../aborter.ts'
import { unsent } from '../../call.ts'
import type { Call, CallId, CommandId, Reply, Service } from '../../call.ts'
import { now } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Heard, Wire } from '../connection.ts'
import { latin1 } from './workers.ts'

/** The way of a route's calls, without the network before it. */
export type Entry = Readonly<{
  name: string
  route: Config['routes'][string]
  topic: string
  service: Service<Call, Reply>
  partitionFor: (topic: string, key: Uint8Array | null) => number
}>

/** A connection in simulation: requests go straight to the policies of the route. */
export class Line implements Wire {
  readonly #entry: Entry
  #aborter: Aborter | null = null
  #turn = 0

  constructor(entry: Entry) {
    this.#entry = entry
  }

  send(request: string, ended: (heard: Heard | null) => void): void {
    const turn = ++this.#turn
    const aborter = (this.#aborter = new Aborter())
    const end = (heard: Heard): void => {
      if (this.#turn === turn) ended(heard)
    }
    void this.#ask(request, aborter).then(
      ({ status, body }) => end({ status, outcome: 'sent', code: '', retryAfterMs: 0, body: latin1(body) }),
      (error: unknown) => {
        const problem = Problem.from(error)
        const { code, outcome, retryAfterMs } = problem
        end({ status: problem.spec.status, outcome, code, retryAfterMs: retryAfterMs ?? 0, body: '' })
      },
    )
  }

  close(): void {
    this.#turn++
    this.#aborter?.abort(new Problem('client-gone', 'The client has gone.'))
  }

  async #ask(request: string, aborter: Aborter): Promise<Reply> {
    return await this.#entry.service(callOf(request, this.#entry, aborter))
  }
}

const noPairs = [] as const
let commands = 0
const from = '\r\nX-Forwarded-For: '

/** A call of a request, as the front of the gateway makes it of one. */
function callOf(request: string, { name, route, topic, partitionFor }: Entry, aborter: Aborter): Call {
  const text = request.slice(request.indexOf('\r\n\r\n') + 4)
  const at = request.indexOf(from) + from.length
  const client = request.slice(at, request.indexOf('\r', at))
  const to = route.command ?? route.query
  const key = keyOf(text, to?.key)
  const started = now()
  const path = request.slice(request.indexOf(' ') + 1, request.indexOf(' HTTP/'))
  return {
    id: String(started) as CallId,
    command: `simulated-${++commands}` as CommandId,
    route: name,
    worker: to?.to ?? topic,
    client,
    priority: 'normal',
    topic,
    key,
    partition: partitionFor(topic, key),
    body: Buffer.from(text),
    told: {
      method: request.slice(0, request.indexOf(' ')),
      path,
      query: '',
      params: noPairs,
      headers: noPairs,
      contentType: 'application/json',
      trace: noPairs,
    },
    started,
    deadline: (started + route.timeoutMs) as Instant,
    expires: (started + Math.max(route.timeoutMs, route.commandTtlMs ?? 0)) as Instant,
    accepts: null,
    repeat: null,
    signal: aborter.signal,
    aborter,
    progress: unsent(),
    fault: null,
  }
}

/** Of the sources of a key, only fields of the body are known here. */
function keyOf(text: string, source: string | undefined): Uint8Array | null {
  if (source?.startsWith('body.') !== true) return null
  const field = `"${source.slice(5)}":`
  const at = text.indexOf(field)
  if (at === -1) return null
  const [, quoted, bare] =
    /^ *(?:"([^"]*)"|([\d.eE+-]+))/.exec(text.slice(at + field.length, at + field.length + 300)) ?? []
  const value = quoted ?? bare
  return value === undefined ? null : Buffer.from(value)
}
