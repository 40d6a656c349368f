import type { Pair } from '../../call.ts'
import type { EpochMs } from '../../clock.ts'
import type { Kept } from '../past.ts'

/** The latest of a key. Keys are their bytes, one character each, so that they sort as bytes. */
export type Row = Readonly<{
  value: Buffer
  type: string | null // content type, as the record says
  partition: number
  offset: number
  modified: EpochMs
  indexed: readonly (string | null)[] // the values of the declared fields
  attributes: readonly Pair[] | null // of its CloudEvent, as headers
}>
/** What is listed: keys above `after` that begin with the prefix and, where an index is named, have its value. */
export type Range = Readonly<{
  prefix: string
  after: string | null
  index: Readonly<{ at: number; value: string }> | null
  limit: number
}>
export type Entry = readonly [key: string, row: Row]

/** Where the rows of a view are. */
export interface Rows extends Disposable {
  readonly size: number
  readonly bytes: number
  get(key: string): Row | undefined
  set(key: string, row: Row): void
  delete(key: string): void
  list(range: Range): readonly Entry[]
  all(): Iterable<Entry>
  /** Where each partition goes on, and in which log: kept with the rows. */
  readonly kept: Kept
  commit(kept: Kept): void
  /** Forgets a partition, as its log was made anew. */
  forget(partition: number): void
}

const overhead = 320 // about what the objects around a row take

export function weigh(key: string, { value, indexed, attributes }: Row): number {
  let sum = overhead + key.length + value.length + indexed.length * 32
  for (const [name, content] of attributes ?? []) sum += name.length + content.length + 96
  return sum
}
