import { Problem } from '../problem.ts'
import type { Exchange } from './exchange.ts'
import type { Params } from './key.ts'

/** Something of the gateway's own that clients see, beside the routes of the configuration. `serve` may throw a Problem. */
export type Resource = Readonly<{
  method: 'GET' | 'DELETE'
  path: string // as of Express's router
  serve: (exchange: Exchange, params: Params) => Promise<void>
}>

/** Serves it; never throws. */
export function resource({ serve }: Resource): (exchange: Exchange, params: Params) => void {
  return (exchange, params) => {
    serve(exchange, params).catch((error: unknown) => exchange.refuse(Problem.from(error)))
  }
}
