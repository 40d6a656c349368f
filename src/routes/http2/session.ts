import { constants } from 'node:http2'
import type { ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { now } from '../../clock.ts'
import { Connection } from '../connection.ts'

/** The id of no stream: who is told that this is the last may go on with those that are under way (RFC 9113, 6.8). */
const noticeId = 2 ** 31 - 1
const secondMs = 1_000

/** A connection that speaks HTTP/2: its requests come beside each other, and none of them ends it. */
export class Session extends Connection {
  override readonly multiplexed = true
  readonly #session: ServerHttp2Session
  readonly #resets: number
  #noticed = false
  #from = now()
  #given = 0 // requests that the client gave up, within the second

  constructor(socket: TLSSocket, session: ServerHttp2Session, resets: number) {
    super(socket, 'unknown')
    this.#session = session
    this.#resets = resets
  }

  /** Says that the connection will end; what is under way, and what has not heard of it yet, is served. */
  override notice(): void {
    if (this.#noticed || this.#session.destroyed) return
    this.#noticed = true
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, noticeId)
  }

  /** Ends the connection once its open requests are answered. A request that comes later was never begun, and its client knows. */
  override close(): void {
    this.broken = true
    if (!this.#session.closed) this.#session.close()
  }

  /** A request was given up before its answer. Too many of them are an attack (CVE-2023-44487). */
  reset(): void {
    const at = now()
    if (at - this.#from > secondMs) {
      this.#from = at
      this.#given = 0
    }
    if (++this.#given <= this.#resets || this.#session.destroyed) return
    this.broken = true
    this.#session.destroy(new Error('Too many requests were given up.'), constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  override cut(): void {
    this.#session.destroy()
    super.cut() // once it is closing, the session would wait for the client to close its side
  }
}
