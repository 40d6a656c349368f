import type { EpochMs } from '../clock.ts'
import type { Incoming } from './broker.ts'

/** A place in every partition: the first record that is kept, the end, or the first at or after a time (the end without one). */
export type Place = 'earliest' | 'end' | EpochMs
export type Stretch = Readonly<{ topic: string; partition: number; from: bigint; maxBytes: number }>
/** What stands from `from` to below `next`; empty and `next` as asked where that is outside of what is kept, `first` to below `end`. */
export type Page = Readonly<{ records: readonly Incoming[]; next: bigint; first: bigint; end: bigint }>

/** What was written before: read in pages, each when it is asked for, so that whoever reads sets the pace. */
export interface Past {
  /** What tells the topic from a later one of its name; null where that is not known. */
  id(topic: string): string | null
  /** The offset of a place in each partition. Throws topic-missing or broker-unavailable. */
  offsets(topic: string, place: Place): Promise<readonly bigint[]>
  /** The records of one stretch, about `maxBytes` of them and at least one where there is one. Throws topic-missing or broker-unavailable. */
  page(stretch: Stretch): Promise<Page>
}
