import { crc32 } from 'node:zlib'
import { Problem } from '../../problem.ts'

/** The next offset of each partition, by topic in the order of the route. Offsets are numbers: none comes near 2^53. */
export type Offsets = readonly (readonly number[])[]
/** Where a client is: the offsets, and of each topic the log that they are in, as `logOf` says; 0: not known. */
export type Position = Readonly<{ offsets: Offsets; logs: readonly number[] }>

const version = 2
const tagBytes = 3
const checkBytes = 4
const mostPartitions = 10_000

/** What positions of these topics begin with: those of another route are told apart. */
export type Codec = Readonly<{
  encode: (position: Position) => string
  /** Throws invalid-request for what is no position, or one of another route. */
  decode: (text: string) => Position
}>

/**
 * Positions as opaque text: version, a tag of the route, for each topic its log and the offsets as varints, a checksum; base64url, so that they are ASCII and
 * fit into a header, a URL and an event's id.
 */
export function codecOf(route: string, topics: readonly string[]): Codec {
  const tag = Buffer.alloc(4)
  tag.writeUInt32BE(crc32([route, ...topics].join('\n')))
  const head = Buffer.from([version, ...tag.subarray(0, tagBytes)])
  return {
    encode: ({ offsets, logs }) => {
      let partitions = 0
      for (const topic of offsets) partitions += topic.length + 2
      const bytes = Buffer.allocUnsafe(head.length + partitions * 8 + checkBytes)
      let at = head.copy(bytes)
      for (const [of, topic] of offsets.entries()) {
        at = putVarint(bytes, at, logs[of] ?? 0)
        at = putVarint(bytes, at, topic.length)
        for (const offset of topic) at = putVarint(bytes, at, offset)
      }
      bytes.writeUInt32BE(crc32(bytes.subarray(0, at)), at)
      return bytes.toString('base64url', 0, at + checkBytes)
    },
    decode: text => {
      const bytes = Buffer.from(text, 'base64url')
      const end = bytes.length - checkBytes
      if (end <= head.length || bytes.toString('base64url') !== text) throw unknown()
      if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end)) || bytes[0] !== version) throw unknown()
      if (!bytes.subarray(0, head.length).equals(head))
        throw new Problem('invalid-request', 'The position is one of another route.')
      const read = reader(bytes.subarray(head.length, end))
      const logs: number[] = []
      const offsets = topics.map(() => {
        logs.push(read())
        const count = read()
        if (count > mostPartitions) throw unknown()
        return Array.from({ length: count }, read)
      })
      return { offsets, logs }
    },
  }
}

function putVarint(bytes: Buffer, start: number, value: number): number {
  let rest = value
  let at = start
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80
  bytes[at++] = rest
  return at
}

function reader(bytes: Buffer): () => number {
  let at = 0
  return () => {
    let value = 0
    for (let scale = 1; scale < Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = bytes[at++]
      if (byte === undefined) throw unknown()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw unknown()
  }
}

const unknown = (): Problem => new Problem('invalid-request', 'The position is none that this route has given out.')
