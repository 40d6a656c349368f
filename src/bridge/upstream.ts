import { Pool } from 'undici'
import type { Dispatcher } from 'undici'
import type { Call, Pair, Reply, Service } from '../call.ts'
import { after, until } from '../clock.ts'
import { Problem } from '../problem.ts'

/** The paths of requests are appended to `url`. `connections` also bounds the calls under way, so that none waits for a connection. */
export type UpstreamOptions = Readonly<{ url: string; connections: number; maxReplyBytes: number }>

/** Fields of one connection, and of the framing of one message (RFC 9110, 7.6.1). */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Statuses that mean the upstream could not answer. */
const failing: ReadonlySet<number> = new Set([500, 502, 503, 504])
/** Errors after which the upstream certainly has not got the request. */
const unreached: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** An HTTP server that answers calls in place of their worker, until it is disposed of. */
export class Upstream implements AsyncDisposable {
  readonly #pool: Pool
  readonly #base: string
  readonly #most: number
  readonly #maxBytes: number
  #underWay = 0

  constructor({ url, connections, maxReplyBytes }: UpstreamOptions) {
    const { origin, pathname } = new URL(url)
    // no timeouts of its own, as each call has a deadline
    this.#pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
    this.#base = pathname.replace(/\/$/, '')
    this.#most = connections
    this.#maxBytes = maxReplyBytes
  }

  /** Sends the request as the route tells it on, and waits until the deadline of the call. Follows no redirect. Throws upstream-failed. */
  readonly serve: Service<Call, Reply> = async call => {
    if (this.#underWay >= this.#most)
      throw failed(`${this.#most} calls are under way to the upstream already.`, 'not-sent')
    const limit = new AbortController()
    const leave = (): void => limit.abort(call.signal.reason)
    const alarm = after(until(call.deadline), () => limit.abort(failed('The upstream did not answer in time.')))
    if (call.signal.aborted) leave()
    call.signal.addEventListener('abort', leave)
    this.#underWay++
    try {
      return await this.#ask(call, limit.signal)
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : problemOf(error)
    } finally {
      this.#underWay--
      alarm.cancel()
      call.signal.removeEventListener('abort', leave)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  async #ask({ told, body }: Call, signal: AbortSignal): Promise<Reply> {
    const { method, path, query } = told
    const answer = await this.#pool.request({
      path: `${this.#base}${path}${query === '' ? '' : `?${query}`}`,
      method,
      headers: headersOf(told),
      body: body.length === 0 ? null : body,
      signal,
    })
    const { statusCode: status } = answer
    const encoded = answer.headers['content-encoding']
    const flaw = failing.has(status)
      ? `The upstream answered ${status}.`
      : encoded !== undefined && !told.headers.some(([name]) => name === 'accept-encoding')
        ? `The upstream encodes what nobody asked it to: ${String(encoded)}.`
        : null
    if (flaw !== null) {
      await answer.body.dump({ limit: this.#maxBytes, signal })
      throw failed(flaw)
    }
    return { status, headers: pairsOf(answer.headers), body: await this.#read(answer.body) }
  }

  async #read(body: Dispatcher.ResponseData['body']): Promise<Uint8Array> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > this.#maxBytes) throw failed(`The answer of the upstream is larger than ${this.#maxBytes} bytes.`) // leaving the loop closes its connection
      chunks.push(chunk)
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)
  }
}

function headersOf({ headers, contentType, trace }: Call['told']): string[] {
  const flat: string[] = []
  for (const [name, value] of [...headers, ...trace]) if (!ofTheConnection.has(name)) flat.push(name, toField(value))
  if (contentType !== null) flat.push('content-type', toField(contentType))
  // otherwise the client might get an encoding that it did not ask for
  if (!headers.some(([name]) => name === 'accept-encoding')) flat.push('accept-encoding', 'identity')
  return flat
}

function pairsOf(headers: Dispatcher.ResponseData['headers']): readonly Pair[] {
  const named = headers['connection']
  const alsoOfIt = new Set(
    String(named ?? '')
      .toLowerCase()
      .split(/\s*,\s*/),
  )
  const pairs: Pair[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ofTheConnection.has(name) || alsoOfIt.has(name)) continue
    for (const one of Array.isArray(value) ? value : [value]) pairs.push([name, one])
  }
  return pairs
}

/** A header value with one character a byte, as Node writes it; larger characters become UTF-8. */
const toField = (value: string): string => {
  for (let at = 0; at < value.length; at++)
    if (value.charCodeAt(at) > 0xff) return Buffer.from(value).toString('latin1')
  return value
}

const failed = (detail: string, outcome: 'not-sent' | 'in-doubt' = 'in-doubt', cause?: unknown): Problem =>
  new Problem('upstream-failed', detail, { outcome, policy: 'fallback', cause })

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return unreached.has(code)
    ? failed('The upstream cannot be reached.', 'not-sent', error)
    : failed('The connection to the upstream failed.', 'in-doubt', error)
}
