import type { Writable } from 'node:stream'
import { after } from '../../clock.ts'
import type { Format, Sink } from '../../feed.ts'

export type SinkOptions = Readonly<{
  format: Format
  boundBytes: number // what may wait
  flushMs: number // how long a client that reads nothing is waited for
  lagged: () => void
}>

/** A response, which has a socket of its own, or a socket. */
type Out = Writable & Readonly<{ socket?: Writable | null }>

/** A client at the other end of a response or a socket. */
export class WritableSink implements Sink {
  readonly #out: Writable
  /** Pieces go past a response whose head is out: it has nothing to add to them. */
  readonly #through: Writable
  readonly #options: SinkOptions
  #ended = false

  constructor(out: Out, options: SinkOptions) {
    this.#out = out
    this.#through = out.socket ?? out
    this.#options = options
  }

  get format(): Format {
    return this.#options.format
  }

  get gone(): boolean {
    return this.#ended || this.#through.destroyed
  }

  /** One piece may be larger than the bound: it is what waits before it that counts. */
  write(bytes: Buffer): boolean {
    if (this.gone || this.#through.writableLength > this.#options.boundBytes) return false
    this.#through.write(bytes)
    return true
  }

  drained(): Promise<void> {
    const out = this.#through
    if (this.gone || !out.writableNeedDrain) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    const limit = after(this.#options.flushMs, () => this.lag())
    const settle = (): void => {
      limit.cancel()
      out.off('drain', settle)
      out.off('close', settle)
      resolve()
    }
    out.on('drain', settle)
    out.on('close', settle)
    return promise
  }

  lag(): void {
    if (this.gone) return
    this.#options.lagged()
    this.#close(this.format.lagging())
  }

  end(retryMs: number | null): void {
    if (!this.gone) this.#close(this.format.end(retryMs))
  }

  /** What waits still goes out, if it is read in time. */
  #close(last: Buffer): void {
    this.#ended = true
    const out = this.#out
    const limit = after(this.#options.flushMs, () => out.destroy())
    out.on('close', () => limit.cancel())
    out.end(last)
  }
}
