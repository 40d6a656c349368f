import { Problem } from '../problem.ts'
import type { Exchange } from './exchange.ts'
import { intake } from './intake.ts'
import type { Shared, Way } from './intake.ts'
import type { Params } from './key.ts'
import { mayPassOut } from './names.ts'

/** Serves the requests of a way in, whatever its kind: command, query or event. Never throws, never rejects. */
export function answer(way: Way, shared: Shared): (exchange: Exchange, params: Params) => Promise<void> {
  const { name, route, service } = way
  const enter = intake(way, shared)
  const passes: ReadonlySet<string> = new Set(route.replyHeaders.filter(mayPassOut))
  return async function answer(exchange, params) {
    exchange.route = name
    try {
      const entered = enter(exchange, params)
      const call = entered instanceof Promise ? await entered : entered
      exchange.call = call
      exchange.reply(await service(call), passes)
    } catch (error) {
      exchange.refuse(Problem.from(error))
    }
  }
}
