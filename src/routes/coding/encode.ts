import { promisify } from 'node:util'
import { brotliCompress, constants, gzip, zstdCompress } from 'node:zlib'
import type { RouteOptions } from '../../../config/schema/index.ts'
import type { Pair, Reply } from '../../call.ts'
import type { Inbound } from '../inbound.ts'

type Compress = NonNullable<RouteOptions['compress']>
type Coding = Compress['codings'][number]

const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, ZSTD_c_compressionLevel } = constants
const [gzipped, brotlied, zstded] = [promisify(gzip), promisify(brotliCompress), promisify(zstdCompress)]

/** Levels for answers that are made once and read once. */
const apply: Readonly<Record<Coding, (body: Uint8Array) => Promise<Buffer>>> = {
  gzip: body => gzipped(body, { level: 5 }),
  br: body => brotlied(body, { params: { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_SIZE_HINT]: body.length } }),
  zstd: body => zstded(body, { params: { [ZSTD_c_compressionLevel]: 3 } }),
}
/** So many at once: further answers go out as they are, rather than wait for each other. */
const most = 32
let running = 0

/** Gives a reply as its client may get it. */
export type Encoding = (req: Inbound, reply: Reply) => Reply | Promise<Reply>

/** Compresses the replies of a route for clients that ask for it (RFC 9110, 12.5.3), null where it says nothing of that. */
export function encodingOf({ compress, replyHeaders }: RouteOptions): Encoding | null {
  if (compress === undefined) return null
  const { minBytes, codings } = compress
  const told = new Set(replyHeaders)
  return ({ method, headers }, reply) => {
    if (method === 'HEAD' || !mayBeCoded(reply, told)) return reply
    const coding = reply.body.length < minBytes ? null : codingFor(headers['accept-encoding'], codings)
    return coding === null || running >= most ? varied(reply) : coded(reply, coding)
  }
}

const varied = (reply: Reply): Reply => ({ ...reply, own: [...(reply.own ?? []), ['Vary', 'Accept-Encoding']] })

async function coded(reply: Reply, coding: Coding): Promise<Reply> {
  running++
  try {
    const body = await apply[coding](reply.body)
    const { headers, own = [] } = varied(reply)
    const encoded: Pair = ['Content-Encoding', coding]
    return { ...reply, headers: headers.map(weak), own: [...own.map(weak), encoded], body }
  } finally {
    running--
  }
}

/** The bytes are others now, and a strong tag would say that they are the same (RFC 9110, 8.8.3). */
const weak = (pair: Pair): Pair =>
  pair[0].toLowerCase() === 'etag' && pair[1].startsWith('"') ? [pair[0], `W/${pair[1]}`] : pair

const text = /^(text\/|application\/(json|xml|javascript|x-ndjson|[^;\s]*\+(json|xml))\b|image\/svg)/i

/** Whether it is text, whole, and neither coded by its worker nor wanted as it is. */
function mayBeCoded({ status, headers, body }: Reply, told: ReadonlySet<string>): boolean {
  if (body.length === 0 || status === 206) return false
  let isText = false
  for (const [name, value] of headers) {
    if (name === 'content-type') isText = text.test(value)
    if (name === 'content-encoding' && told.has(name)) return false
    if (name === 'cache-control' && /no-transform/i.test(value)) return false
  }
  return isText
}

/** The first of ours that the client likes best, null when it likes them plain. */
export function codingFor<Name extends string>(accepted: string | undefined, ours: readonly Name[]): Name | null {
  if (accepted === undefined || accepted.length > 256) return null
  const weights = new Map<string, number>()
  for (const item of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map(part => part.trim())
    const weight = parameters.find(parameter => parameter.startsWith('q='))?.slice(2)
    weights.set(name === 'x-gzip' ? 'gzip' : name, weight === undefined ? 1 : Number(weight) || 0)
  }
  const weigh = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0
  let best: Name | null = null
  for (const name of ours) if (weigh(name) > (best === null ? 0 : weigh(best))) best = name
  return best !== null && weigh(best) >= (weights.get('identity') ?? 0) ? best : null
}
