import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'
import { Writable } from 'node:stream'
import type { Outbound } from '../outbound.ts'

type Done = (error?: Error | null) => void

/** The answer on a stream of HTTP/2. Whatever the client still sends once it is complete is not wanted (RFC 9113, 8.1). */
export class StreamResponse extends Writable implements Outbound {
  shouldKeepAlive = true // of the stream there is nothing to keep, and the connection is not its affair
  useChunkedEncodingByDefault = false
  readonly #stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    super({ decodeStrings: true })
    this.#stream = stream
    stream.on('close', () => this.destroy())
    stream.on('error', () => {}) // 'close' follows
    this.on('error', () => {})
  }

  get headersSent(): boolean {
    return this.#stream.headersSent
  }

  /** A stream is its own connection: whoever cuts it off cuts nobody else's. */
  get socket(): Writable {
    return this
  }

  writeHead(status: number, head: readonly string[]): void {
    if (!this.#stream.destroyed) this.#stream.respond([':status', String(status), ...head])
  }

  flushHeaders(): void {} // they are not held back

  writeContinue(): void {
    if (!this.#stream.destroyed) this.#stream.additionalHeaders({ ':status': 100 })
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#stream.writableEnded) done() // of HEAD, which has no body
    else this.#stream.write(chunk, done)
  }

  override _final(done: Done): void {
    const stream = this.#stream
    const close = (): void => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
      done()
    }
    if (stream.writableFinished || stream.destroyed) close()
    else if (stream.writableEnded) stream.once('finish', close)
    else stream.end(close)
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.#stream.destroyed && !this.writableFinished) this.#stream.close(constants.NGHTTP2_CANCEL)
    done(error)
  }
}
