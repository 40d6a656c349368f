import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { SecureContextOptions } from 'node:tls'
import type { Answer, Ask } from './ask.ts'
import type { Outcome } from '../../src/problem.ts'
import type { Scope } from './scope.ts'

export type H2 = Readonly<{ ask: Ask; session: ClientHttp2Session }>

/** As `client`, by HTTP/2: a connection is opened when there is none. */
export function h2Client(url: string): Disposable & Readonly<{ ask: Ask }> {
  const opened: ClientHttp2Session[] = []
  const ask: Ask = async (path, asked) => {
    let session = opened.at(-1)
    if (session === undefined || session.destroyed || session.closed) {
      session = connect(url, { rejectUnauthorized: false })
      session.on('error', () => {}) // the streams tell of it
      opened.push(session)
    }
    return await asking(session)(path, asked)
  }
  const dispose = (): void => {
    for (const session of opened) session.destroy()
  }
  return { ask, [Symbol.dispose]: dispose }
}

/** A client with one connection, by HTTP/2. */
export function h2(t: Scope, url: string, tls: SecureContextOptions = {}): H2 {
  const session = connect(url, { ...tls, rejectUnauthorized: false })
  session.on('error', () => {}) // the streams tell of it
  t.after(() => session.destroy())
  return { ask: asking(session), session }
}

const asking =
  (session: ClientHttp2Session): Ask =>
  async (path, { method, headers = {}, body, signal } = {}) => {
    const plain = Buffer.isBuffer(body) || typeof body === 'string'
    const content = body === undefined ? undefined : plain ? body : JSON.stringify(body)
    const stream = session.request(
      {
        ':method': method ?? (body === undefined ? 'GET' : 'POST'),
        ':path': path,
        ...(body !== undefined && !plain && { 'content-type': 'application/json' }),
        ...(content !== undefined && { 'content-length': String(Buffer.byteLength(content)) }),
        ...(headers as Record<string, string>),
      },
      { endStream: content === undefined },
    )
    signal?.addEventListener('abort', () => stream.close(constants.NGHTTP2_CANCEL))
    if (content !== undefined) stream.end(content)
    return await answerOf(stream)
  }

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const begun = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const chunks: Buffer[] = []
  let head: IncomingHttpHeaders = {}
  stream.on('response', headers => (head = headers))
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', reject)
  stream.on('close', () => {
    const { ':status': status, ...headers } = head as IncomingHttpHeaders & { ':status'?: number }
    if (status === undefined) return reject(new Error(`The stream was closed without an answer: ${stream.rstCode}.`))
    const bytes = Buffer.concat(chunks)
    const json = (): Record<string, unknown> => JSON.parse(bytes.toString()) as Record<string, unknown>
    const isProblem = headers['content-type'] === 'application/problem+json'
    resolve({
      status,
      headers,
      bytes,
      text: bytes.toString(),
      get json() {
        return json()
      },
      outcome: headers['sluice-outcome'] as Outcome,
      code: isProblem ? ((json()['code'] as string | undefined) ?? null) : null,
      ms: performance.now() - begun,
    })
  })
  return await promise
}
