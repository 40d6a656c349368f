import { crc32 } from 'node:zlib'
import { Problem } from '../problem.ts'

/** What somebody has seen: everything of a partition below `next`, in the log that `logOf` tells; 0: not known. */
export type Mark = Readonly<{ topic: string; partition: number; next: number; log: number }>

const longest = 8_192

/** A mark as opaque text, for the header Sluice-Position. */
export function markOf(topic: string, partition: number, offset: bigint, log: number): string {
  const text = `${topic} ${partition} ${offset + 1n} ${log}`
  return Buffer.from(`${text} ${crc32(text).toString(36)}`).toString('base64url')
}

/** The marks of a header, of which there may be several, separated by commas. Throws invalid-request. */
export function marksOf(header: string): readonly Mark[] {
  if (header.length > longest) throw unknown()
  return header.split(',').map(part => {
    const text = Buffer.from(part.trim(), 'base64url').toString()
    const end = text.lastIndexOf(' ')
    const [topic, partition, next, log = '0'] = text.slice(0, end).split(' ')
    if (end < 1 || crc32(text.slice(0, end)).toString(36) !== text.slice(end + 1)) throw unknown()
    if (topic === undefined || !/^\d{1,9}$/.test(partition ?? '') || !/^\d{1,16}$/.test(next ?? '')) throw unknown()
    if (!/^\d{1,9}$/.test(log)) throw unknown()
    return { topic, partition: Number(partition), next: Number(next), log: Number(log) }
  })
}

const unknown = (): Problem =>
  new Problem('invalid-request', 'Sluice-Position is none that this gateway has given out.')
