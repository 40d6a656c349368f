import type { Incoming } from '../broker.ts'
import type { Page, Place } from '../past.ts'
import type { Log } from './log.ts'
import { weigh } from './segment.ts'

/** The offset of a place in the log. */
export function offsetsOf(log: Log, place: Place): bigint {
  if (place === 'earliest') return BigInt(log.first)
  let offset = log.end
  if (place !== 'end') while (offset > log.first && log.at(offset - 1).timestamp >= place) offset--
  return BigInt(offset)
}

/** About `maxBytes` of records. */
export function pageOf(log: Log, from: bigint, maxBytes: number): Page {
  const records: Incoming[] = []
  let next = Number(from)
  for (let left = maxBytes; left > 0 && next >= log.first && next < log.end; next++) {
    const record = log.at(next)
    records.push(record)
    left -= weigh(record)
  }
  return { records, next: BigInt(next), first: BigInt(log.first), end: BigInt(log.end) }
}
