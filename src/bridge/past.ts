import { crc32 } from 'node:zlib'
import type { EpochMs } from '../clock.ts'
import type { Incoming } from './broker.ts'

/** A place in every partition: the first record that is kept, the end, or the first at or after a time (the end without one). */
export type Place = 'earliest' | 'end' | EpochMs
export type Stretch = Readonly<{ topic: string; partition: number; from: bigint; maxBytes: number }>
/** What stands from `from` to below `next`; empty and `next` as asked where that is outside of what is kept, `first` to below `end`. */
export type Page = Readonly<{ records: readonly Incoming[]; next: bigint; first: bigint; end: bigint }>

/** Where an earlier start had come in each partition, and in which log, as `logOf` says; 0: not known. */
export type Kept = Readonly<{ positions: readonly number[]; log: number }>
export const nothingKept: Kept = { positions: [], log: 0 }

/** What was written before: read in pages, each when it is asked for, so that whoever reads sets the pace. */
export interface Past {
  /** What tells the topic from a later one of its name; null where that is not known. */
  id(topic: string): string | null
  /** The offset of a place in each partition. Throws topic-missing or broker-unavailable. */
  offsets(topic: string, place: Place): Promise<readonly bigint[]>
  /** The records of one stretch, about `maxBytes` of them and at least one where there is one. Throws topic-missing or broker-unavailable. */
  page(stretch: Stretch): Promise<Page>
}

/** A number that tells the log of a topic from a later one of its name, by the topic's id. */
export const logOf = (id: string | null): number => (id === null ? 0 : (crc32(id) & logMask) + 1)

/** The same of a topic that is named. */
export type LogOf = (topic: string) => number

/** Whether offsets of the one are offsets of the other, as far as is known. */
export const isSameLog = (one: number, other: number): boolean => one === other || one === 0 || other === 0

const logMask = 0xfffff // three bytes as a varint
