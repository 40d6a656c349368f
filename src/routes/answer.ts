import { Problem } from '../problem.ts'
import type { Exchange } from './exchange.ts'
import { noBody } from './inbound.ts'
import { intake } from './intake.ts'
import type { Shared, Way } from './intake.ts'
import type { Params } from './key.ts'
import { mayPassOut } from './names.ts'

/** Serves the requests of a way in, whatever its kind: command, query or event. Never throws. */
export function answer(way: Way, shared: Shared): (exchange: Exchange, params: Params) => void {
  const { name, route, service } = way
  const { bodyBytes, replyHeaders, priority } = route
  const { bodyTimeoutMs, priorityOf } = shared
  const { hasBody, enter } = intake(way, shared)
  const passes: ReadonlySet<string> = new Set(replyHeaders.filter(mayPassOut))

  async function serve(exchange: Exchange, params: Params, body: Buffer): Promise<void> {
    try {
      const call = enter(exchange, params, body)
      exchange.call = call
      exchange.reply(await service(call), passes)
    } catch (error) {
      exchange.refuse(Problem.from(error))
    }
  }

  return function answer(exchange, params) {
    exchange.route = name
    exchange.priority = priorityOf(priority, exchange.line.peer, exchange.req.headers)
    try {
      if (!hasBody(exchange)) void serve(exchange, params, noBody)
      else
        exchange.req.readBody(bodyBytes, bodyTimeoutMs, (problem, body) => {
          if (problem === null) void serve(exchange, params, body)
          else exchange.refuse(problem)
        })
    } catch (error) {
      exchange.refuse(Problem.from(error))
    }
  }
}
