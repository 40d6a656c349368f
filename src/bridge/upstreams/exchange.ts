import type { Dispatcher } from 'undici'
import type { Ask, Reply } from '../../call.ts'
import { Timed, until } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import type { Outcome } from '../../problem.ts'
import { isUndialled } from './dial.ts'
import { fieldsOf, pairsOf } from './message.ts'

/** Why no answer came. `not-sent`: the server has not got the request. `in-doubt`: it may have served it. */
export const failed = (detail: string, outcome: Outcome = 'in-doubt', cause?: unknown): Problem =>
  new Problem('upstream-failed', detail, { outcome, policy: 'upstream', cause })

/** It answered, with what cannot be passed on, and would again. */
const bad = (detail: string, cause?: unknown): Problem =>
  new Problem('bad-reply', detail, { policy: 'upstream', cause })

/** One request and its answer. It ends with the answer, at the deadline, or when whoever asked leaves. */
class Exchange extends Timed implements Dispatcher.DispatchHandler {
  readonly answer = Promise.withResolvers<Reply>()
  readonly #ask: Ask
  readonly #maxBytes: number
  readonly #leave: () => void
  #controller: Dispatcher.DispatchController | null = null
  #ended: unknown = null // why it was given up
  #status = 0
  #headers: Reply['headers'] = []
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(ask: Ask, maxBytes: number) {
    super()
    this.#ask = ask
    this.#maxBytes = maxBytes
    this.#leave = () => this.#giveUp(ask.signal.reason)
    this.set(until(ask.deadline))
    ask.signal.addEventListener('abort', this.#leave)
  }

  /** The deadline has come. */
  ring(): void {
    this.#giveUp(failed('The upstream did not answer in time.'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended !== null) controller.abort(this.#ended as Error)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return // an interim answer: the true one follows
    const pairs = pairsOf(headers)
    const encoding = headers['content-encoding']
    if (pairs === null) return this.#giveUp(bad('The upstream answered with control characters in a field.'))
    if (encoding !== undefined && !this.#ask.told.headers.some(([name]) => name === 'accept-encoding'))
      return this.#giveUp(bad(`The upstream encodes what nobody asked it to: ${String(encoding)}.`))
    const hasBody = this.#ask.told.method !== 'HEAD' && status !== 304
    if (hasBody && Number(headers['content-length']) > this.#maxBytes) return this.#giveUp(this.#tooLarge())
    this.#status = status
    this.#headers = pairs
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) this.#giveUp(this.#tooLarge())
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#release()
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#bytes)
    this.answer.resolve({ status: this.#status, headers: this.#headers, body })
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#release()
    this.answer.reject(this.#ended ?? problemOf(error))
  }

  /** The connection is closed, as the rest of the answer is on its way. Before one was had, nothing was sent. */
  #giveUp(reason: unknown): void {
    if (this.#ended !== null) return
    this.#ended = reason
    this.#release()
    if (this.#controller === null) this.answer.reject(this.#unsent(reason))
    else this.#controller.abort(reason as Error)
  }

  #tooLarge(): Problem {
    return bad(`The answer of the upstream is larger than ${this.#maxBytes} bytes.`)
  }

  #unsent(reason: unknown): unknown {
    return reason instanceof Problem && reason.code === 'upstream-failed' ? reason.withOutcome('not-sent') : reason
  }

  #release(): void {
    this.cancel()
    this.#ask.signal.removeEventListener('abort', this.#leave)
  }
}

/** Sends a request as it was told, and waits for the whole answer. Follows no redirect. Throws upstream-failed, or why the wait was ended. */
export function exchange(pool: Pick<Dispatcher, 'dispatch'>, base: string, ask: Ask, maxBytes: number): Promise<Reply> {
  const { signal, body } = ask
  const { method, path, query } = ask.told
  if (signal.aborted) return Promise.reject(signal.reason)
  const handler = new Exchange(ask, maxBytes)
  try {
    pool.dispatch(
      {
        path: `${base}${path}${query === '' ? '' : `?${query}`}`,
        method,
        headers: fieldsOf(ask.told),
        body: body.length === 0 ? null : body,
      },
      handler,
    )
  } catch (error) {
    handler.onResponseError(null, error as Error)
  }
  return handler.answer.promise
}

function problemOf(error: NodeJS.ErrnoException): Problem {
  const code = error.code ?? 'unknown'
  if (code.startsWith('UND_ERR_INVALID_ARG'))
    return new Problem('invalid-request', 'The request cannot be written as HTTP.', {
      policy: 'upstream',
      cause: error,
    })
  if (error.name === 'HTTPParserError' || /^bad (upgrade|response)$/.test(error.message))
    return bad('The upstream answered with what is no HTTP response.', error)
  return isUndialled(error)
    ? failed('The upstream cannot be reached.', 'not-sent', error)
    : failed('The connection to the upstream failed.', 'in-doubt', error)
}
