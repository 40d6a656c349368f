import { Agent, request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { Outcome } from '../../src/problem.ts'

/** What a request says; a body that is neither text nor bytes goes as JSON. */
export type Asked = Readonly<{
  method?: string
  headers?: Readonly<Record<string, string | readonly string[]>>
  body?: unknown
  signal?: AbortSignal // the client hangs up
}>
export type Answer = Readonly<{
  status: number
  headers: IncomingHttpHeaders
  bytes: Buffer
  text: string
  /** Throws when it is none. */
  json: Readonly<Record<string, unknown>>
  outcome: Outcome
  /** The code of the problem; null for a worker's answer. */
  code: string | null
  ms: number
}>
export type Ask = (path: string, asked?: Asked) => Promise<Answer>

const silenceMs = 90_000 // longer than any answer may take: a test should fail rather than hang

/** A client of its own connections, which it keeps. `url` is http(s)://host:port or unix:path; `tls` may show a certificate. */
export function client(url: string, tls: SecureContextOptions = {}): Disposable & Readonly<{ ask: Ask }> {
  const secure = url.startsWith('https:')
  const agent = secure
    ? new SecureAgent({ keepAlive: true, rejectUnauthorized: false, ...tls })
    : new Agent({ keepAlive: true })
  const place = url.startsWith('unix:') ? { socketPath: url.slice('unix:'.length) } : placeOf(new URL(url))
  const ask: Ask = (path, { method, headers = {}, body, signal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const begun = performance.now()
    const content = bytesOf(body)
    const isJson = body !== undefined && content !== body
    const req = (secure ? secureRequest : request)(
      {
        ...place,
        agent,
        path,
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(isJson && { 'content-type': 'application/json' }),
          ...(content !== null && { 'content-length': String(content.length) }),
          ...headers,
        },
        ...(signal !== undefined && { signal }),
      },
      res => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('error', reject)
        res.on('end', () => {
          const bytes = Buffer.concat(chunks)
          const isProblem = res.headers['content-type'] === 'application/problem+json'
          const json = (): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            bytes,
            text: bytes.toString(),
            get json() {
              return json()
            },
            outcome: res.headers['sluice-outcome'] as Outcome,
            code: isProblem ? ((json()['code'] as string | undefined) ?? null) : null,
            ms: performance.now() - begun,
          })
        })
      },
    )
    req.on('error', reject)
    req.setTimeout(silenceMs, () =>
      req.destroy(new Error(`No answer to ${req.method} ${path} within ${silenceMs} ms.`)),
    )
    req.end(content ?? undefined)
    return promise
  }
  return { ask, [Symbol.dispose]: () => agent.destroy() }
}

const placeOf = ({ hostname, port }: URL): { host: string; port: number } => ({
  host: hostname === 'localhost' ? '127.0.0.1' : hostname,
  port: Number(port),
})

function bytesOf(body: unknown): Buffer | null {
  if (body === undefined) return null
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
