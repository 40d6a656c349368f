import { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Entrance } from '../call.ts'
import { after } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import { Problem } from '../problem.ts'

/** Gets the body, or why there is none. */
export type BodyReader = (problem: Problem | null, body: Buffer) => void
/** Gets a body piece by piece; false: no more for now. */
export type PieceReader = (piece: Buffer) => boolean

/** A request to go on as a WebSocket. Accepting ends HTTP on the connection. */
export type Upgrade = Readonly<{ accept: (accepted: (socket: Duplex) => void) => void }>

export const noBody = Buffer.alloc(0)
const firstStore = 4_096

/**
 * A request whose body comes straight from the parser. The stream below it would cost 3 µs a request, and hold every chunk as an
 * object of its own: a body sent as a million chunks of one byte then weighs a hundred times its size.
 */
export class Inbound extends IncomingMessage {
  /** The exchange that answers it, for handlers that are given the request alone. */
  exchange: unknown = null
  /** Where the bytes of its body are counted. */
  entrance: Entrance | null = null
  declare socketUpgrade?: Upgrade // only of those that ask for it
  /** How many bytes of the body have been read for somebody. */
  taken = 0
  #arrived = 0
  #limit = 0
  #timeoutMs = 0
  #whole: Buffer = noBody // the only chunk, or the store that all were copied into
  #copied = false
  #reader: BodyReader | null = null
  #pieces: PieceReader | null = null
  #held = false // its client is let wait
  #alarm: Alarm | null = null
  #onEnd: (() => void) | null = null

  /** Called by the parser: with the bytes of the body as they come, with null at the end. */
  override push(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.#end()
      return super.push(null)
    }
    const before = this.#arrived
    this.#arrived += chunk.length
    if (this.#reader === null) return true // refused: what still comes is read and thrown away
    if (this.#arrived > this.#limit)
      return this.#give(new Problem('too-large', `The body is larger than ${this.#limit} bytes.`))
    if (this.#pieces !== null) return this.#hand(chunk, this.#pieces)
    this.taken = this.#arrived
    const problem = this.entrance?.take(chunk.length, before) ?? null
    if (problem !== null) return this.#give(problem)
    if (before === 0) this.#whole = chunk
    else this.#append(chunk, before)
    return true
  }

  /** Whether the head announces a body. */
  get hasBody(): boolean {
    const { headers } = this
    const length = headers['content-length']
    return length === undefined ? headers['transfer-encoding'] !== undefined : length !== '0'
  }

  /** How many bytes the head announces; NaN when it does not say. */
  get announced(): number {
    return Number(this.headers['content-length'])
  }

  /** Whether somebody waits for the rest of the body. */
  get reading(): boolean {
    return this.#reader !== null
  }

  /** The most that is still to come, as announced. */
  get remaining(): number {
    if (this.complete || !this.hasBody) return 0
    const { announced } = this
    return Number.isNaN(announced) ? Infinity : announced - this.#arrived
  }

  /**
   * Reads the body, with too-large beyond the limit, request-timeout when it is not here in time, and what `fail` is given. A
   * callback, as a promise and its turns of the loop would cost another microsecond.
   */
  readBody(limit: number, timeoutMs: number, reader: BodyReader): void {
    // the parser hands on the first bytes after the handler of the request has returned: later is too late
    if (this.#arrived > 0) throw new Error('The body was asked for after it had begun to arrive.')
    this.#reader = reader
    this.#limit = limit
    this.#timeoutMs = timeoutMs
    process.nextTick(setAlarm, this) // most bodies come with their head, and have arrived by then
  }

  /**
   * As readBody, but hands on each piece as it comes, and calls the reader at the true end of the body. Between a piece that is
   * answered with false and `goOn` its client is let wait. Who is done with bytes says so (`done`).
   */
  readPieces(limit: number, timeoutMs: number, reader: BodyReader, pieces: PieceReader): void {
    this.#pieces = pieces
    this.readBody(limit, timeoutMs, reader)
  }

  /** Reads on, if it does not. */
  goOn(): void {
    if (!this.#held) return
    this.#held = false
    this._read(0)
  }

  /** So many bytes of those that were handed on are needed no more. */
  done(bytes: number): void {
    this.taken -= bytes
    this.entrance?.release(bytes)
  }

  /** Gives a body that is still to come its time. */
  static readonly setAlarm = (inbound: Inbound): void => {
    // the tick comes between the last byte and the end of the message, which the parser then tells of by itself
    if (inbound.#reader === null || inbound.#arrived === inbound.announced) return
    const timeoutMs = inbound.#timeoutMs
    inbound.#alarm = after(timeoutMs, () => {
      inbound.fail(new Problem('request-timeout', `The body did not arrive within ${timeoutMs} ms.`))
    })
  }

  /** Ends the reading, if there is one, with this reason. */
  fail(reason: Problem): void {
    this.#whole = noBody
    this.#release()?.(reason, noBody)
  }

  #hand(piece: Buffer, pieces: PieceReader): boolean {
    const before = this.taken
    this.taken += piece.length
    const problem = this.entrance?.take(piece.length, before) ?? null
    if (problem !== null) return this.#give(problem)
    this.#held = !pieces(piece)
    return !this.#held
  }

  #give(reason: Problem): true {
    this.fail(reason)
    return true
  }

  /** Calls back once the whole request has been read. */
  whenRead(callback: () => void): void {
    this.#onEnd = callback
  }

  #end(): void {
    this.#release()?.(null, this.#copied ? this.#whole.subarray(0, this.#arrived) : this.#whole)
    this.#onEnd?.()
  }

  #release(): BodyReader | null {
    const reader = this.#reader
    this.#reader = null
    this.goOn()
    this.#alarm?.cancel()
    this.#alarm = null
    return reader
  }

  #append(chunk: Buffer, before: number): void {
    if (!this.#copied || this.#arrived > this.#whole.length) {
      const size = Math.min(this.#limit, Math.max(firstStore, this.#arrived * 2))
      const store = Buffer.allocUnsafeSlow(size)
      this.#whole.copy(store, 0, 0, before)
      this.#whole = store
      this.#copied = true
    }
    chunk.copy(this.#whole, before)
  }
}

const { setAlarm } = Inbound
