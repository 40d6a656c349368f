import type { IncomingHttpHeaders } from 'node:http'
import type { Reply } from '../call.ts'
import type { Cors } from './cors.ts'

/** A method that a path is served with, and what it allows other origins. */
export type Offer = Readonly<{ method: string; cors: Cors | null }>

const nothing = Buffer.alloc(0)

/** What an OPTIONS request is answered: a preflight from an origin that may ask with what it may do, all others with `Allow`. */
export function optionsReply(offers: readonly Offer[], headers: IncomingHttpHeaders): Reply {
  const { origin, 'access-control-request-method': method } = headers
  const wanted = offers.find(offer => offer.method === method)
  const granted = origin === undefined || wanted === undefined ? null : wanted.cors?.preflight(origin, wanted.method)
  const allow = ['Allow', `${methodsOf(offers)}, OPTIONS`] as const
  return { status: 204, headers: [], body: nothing, own: granted ?? [allow] }
}

/** The methods that a path is served with, for `Allow`. */
export const methodsOf = (offers: readonly Offer[]): string =>
  [...new Set(offers.map(({ method }) => method))].sort().join(', ')
