import type { Writable } from 'node:stream'

/** What an answer is written to: the response of HTTP/1, or a stream of HTTP/2. */
export interface Outbound extends Writable {
  shouldKeepAlive: boolean
  useChunkedEncodingByDefault: boolean
  readonly headersSent: boolean
  /** Null while it waits behind another answer. */
  readonly socket: Writable | null
  writeHead(status: number, head: string[]): unknown
  flushHeaders(): void
  writeContinue(): void
}
