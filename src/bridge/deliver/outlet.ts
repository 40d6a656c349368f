import { Pool } from 'undici'
import { after } from '../../clock.ts'
import { retryAfterOf } from '../../retryafter.ts'
import { connector } from './connect.ts'
import type { Resolve } from './connect.ts'

/** What is sent: a path with its query, header names and values by turns, and a body. */
export type Message = Readonly<{ path: string; headers: readonly string[]; body: Uint8Array | string }>
/** What a receiver answered: nothing of its body is of use. `retryAfterMs` is what it asks for. */
export type Answer = Readonly<{ status: number; retryAfterMs: number | null }>
export type OutletOptions = Readonly<{
  origin: string
  connections: number
  timeoutMs: number // for one request, from the connection to the head of the answer
  admits: (address: string) => boolean
  resolve?: Resolve
}>

const bodyBytes = 16_384
const bodyMs = 1_000

/** The connections to one receiver, made only to addresses that are admitted. */
export class Outlet implements AsyncDisposable {
  readonly #pool: Pool
  readonly #timeoutMs: number

  constructor({ origin, connections, timeoutMs, admits, resolve }: OutletOptions) {
    const connect = connector(admits, { timeoutMs, ...(resolve !== undefined && { resolve }) })
    this.#pool = new Pool(origin, { connect, connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
    this.#timeoutMs = timeoutMs
  }

  /** Posts once. Follows no redirect. Rejects when no answer came in time, with an Error whose message is for operators. */
  async post({ path, headers, body }: Message): Promise<Answer> {
    const limit = new AbortController()
    using _time = after(this.#timeoutMs, () => limit.abort(new Error('It did not answer in time.')))
    const answer = await this.#pool.request({ path, method: 'POST', headers: [...headers], body, signal: limit.signal })
    const { statusCode: status } = answer
    // its status has settled the matter: of the body so much is read as lets the connection be used again
    using _rest = after(bodyMs, () => answer.body.destroy())
    await answer.body.dump({ limit: bodyBytes, signal: limit.signal }).catch(() => {})
    return { status, retryAfterMs: retryAfterOf(answer.headers['retry-after']) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }
}
