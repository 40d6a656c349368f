import { priorities } from '../call.ts'
import type { Entrance, Priority } from '../call.ts'
import { Problem } from '../problem.ts'
import { paced } from '../turn.ts'
import type { Exchange } from './exchange.ts'
import { decodingOf } from './coding/decode.ts'
import { encodingOf } from './coding/encode.ts'
import { noBody } from './inbound.ts'
import type { BodyReader } from './inbound.ts'
import { intake } from './intake.ts'
import type { Intake, Shared, Way } from './intake.ts'
import type { Params } from './key.ts'
import { mayPassOut } from './names.ts'

/** Serves the requests of a way in, whatever its kind: command, query or event. Never throws. */
export function answer(
  way: Way,
  shared: Shared,
  taken: Intake = intake(way, shared),
): (exchange: Exchange, params: Params) => void {
  const { name, route, service } = way
  const { bodyBytes, replyHeaders, priority: usual } = route
  const { bodyTimeoutMs, priorityOf } = shared
  const { worker, hasBody, codings, enter } = taken
  const passes: ReadonlySet<string> = new Set(
    replyHeaders.filter(
      header =>
        mayPassOut(header) &&
        shared.fixed?.has(header) !== true &&
        (route.cors === undefined || !header.startsWith('access-control-')),
    ),
  )
  const entrances = entrancesOf(name, worker, shared)
  const decoding = decodingOf(route)
  const encoding = encodingOf(route)

  /** Paced: clients that are answered within the poll of the event loop, and ask again within it, would never let it end. */
  const begin = (exchange: Exchange, params: Params, body: Buffer, priority: Priority): void =>
    paced(() => void serve(exchange, params, body, priority))

  async function serve(exchange: Exchange, params: Params, body: Buffer, priority: Priority): Promise<void> {
    try {
      if (exchange.admission !== null) await exchange.admission
      const call = enter(exchange, params, body, priority)
      exchange.call = call
      if (call.signal.aborted) throw call.signal.reason
      const reply = await service(call)
      exchange.reply(encoding === null ? reply : await encoding(exchange.req, reply), passes)
    } catch (error) {
      exchange.refuse(Problem.from(error))
    }
  }

  return function answer(exchange, params) {
    exchange.route = name
    const { req, connection } = exchange
    try {
      const priority = priorityOf(usual, connection.peer, req.headers)
      const reads = hasBody(exchange)
      if (entrances !== null && !letIn(exchange, entrances[priority], reads ? req.announced || 0 : 0)) return
      if (!reads) begin(exchange, params, noBody, priority)
      else {
        if (req.headers.expect !== undefined) invite(exchange)
        const read: BodyReader = (problem, body) => {
          if (problem === null) begin(exchange, params, body, priority)
          else {
            if (problem.code === 'request-timeout') exchange.last = true
            exchange.refuse(problem)
          }
        }
        req.readBody(bodyBytes, bodyTimeoutMs, decoding === null ? read : decoding(req, read))
      }
    } catch (error) {
      const problem = Problem.from(error)
      exchange.refuse(problem, problem.code === 'unsupported-coding' ? ['Accept-Encoding', codings] : [])
    }
  }
}

/** Asks for the body that the client holds back until it is asked. */
export function invite(exchange: Exchange): void {
  if (exchange.admission === null) exchange.res.writeContinue()
  else exchange.admission.then(() => exchange.probe(), ignored)
}

/** Whoever serves the request is told of it, too. */
const ignored = (): void => {}

export type Entrances = Readonly<Record<Priority, Entrance>>

/** One for each priority, so that nothing is made for each request. */
export function entrancesOf(route: string, worker: string, { entrance }: Shared): Entrances | null {
  if (entrance === null) return null
  const all = priorities.map(priority => [priority, entrance({ route, worker, priority })] as const)
  return Object.fromEntries(all) as Entrances
}

/** Whether the process bears one more; what is refused here has cost no more than its head. */
export function letIn(exchange: Exchange, entrance: Entrance, bytes: number): boolean {
  const problem = entrance.refusal(bytes)
  if (problem === null) {
    exchange.req.entrance = entrance
    return true
  }
  if (entrance.crowded()) exchange.last = true
  exchange.refuse(problem)
  return false
}
