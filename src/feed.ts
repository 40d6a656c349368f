import type { EpochMs } from './clock.ts'
import type { Pair } from './call.ts'

/** What a record's value is, for a format that carries text only. A null value is a tombstone: what had this key is gone. */
export type ContentKind = 'json' | 'text' | 'bytes' | 'tombstone'

/** A record as the clients of a stream are told of it. `id` is the position after it: whoever sends it goes on there. */
export type Told = Readonly<{
  id: string
  topic: string
  partition: number
  offset: bigint
  time: EpochMs
  key: string | null // bytes that are no UTF-8 in base64
  headers: readonly Pair[]
  kind: ContentKind
  text: string // JSON or text; of bytes, base64
}>

/** Records that a client has missed for good: retention has deleted them, or the topic was made anew. */
export type Gap = Readonly<{
  id: string
  topic: string
  partition: number
  missed: number
  reason: 'retention' | 'recreated'
}>

/** How a client is told. Each result is complete, so that what is told to many is written once and joined. */
export interface Format {
  readonly name: 'sse' | 'ndjson' | 'websocket'
  record(told: Told): Buffer
  gap(gap: Gap): Buffer
  /** Nothing has happened, up to this position; without one, nothing is said but that we are there. */
  beat(id: string | null): Buffer
  /** The last words to a client that reads too slowly. */
  lagging(): Buffer
  /** The last words to any other: come again after so long, or (null) never. */
  end(retryMs: number | null): Buffer
}

/** One client of a stream. What it does not read waits within a bound. */
export interface Sink {
  readonly format: Format
  /** Whether it can take more; false: it lags, or is gone. */
  write(bytes: Buffer): boolean
  /** Resolves when what waits has been read, or when it is gone. */
  drained(): Promise<void>
  readonly gone: boolean
  /** The client is told that it lags, and let go. */
  lag(): void
  /** The end: it may come again after so many milliseconds, or (null) need not. */
  end(retryMs: number | null): void
}

/** A stream that a call has opened: whoever joins is written to until it leaves. */
export type Feed = Readonly<{
  /** Nothing will ever come: the client has had all that it asked for. */
  over: boolean
  join(sink: Sink): Disposable
}>
