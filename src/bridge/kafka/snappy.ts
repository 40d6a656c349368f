import { garbage, literal, repeat, tooLarge } from './lz77.ts'

/** How the framing of Java's library (xerial) begins; two version numbers follow, then chunks behind their lengths. */
const magic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const headerBytes = 16
/** The densest element makes 64 bytes of 3: who promises more than this is lying, and gets nothing allocated. */
const mostPerByte = 22

/** One snappy stream: its elements from `at` to `end`, unfolding to `size` bytes. */
type Chunk = Readonly<{ at: number; end: number; size: number }>

/**
 * Unfolds snappy, raw or in Java's framing. Throws Undecodable, and allocates nothing above the limit.
 * Format: github.com/google/snappy, format_description.txt. Own code, as the package snappyjs loops for ever on a literal
 * whose four-byte length is negative, and returns zeros for what is missing.
 */
export function unsnappy(data: Uint8Array, limitBytes: number): Buffer {
  const total = pass(data, null)
  if (total > limitBytes) throw tooLarge('snappy', limitBytes)
  const out = Buffer.allocUnsafe(total) // each chunk fills its part, or throws
  pass(data, out)
  return out
}

/** Goes through the chunks and returns their length together: without `out` only what they promise. */
function pass(data: Uint8Array, out: Buffer | null): number {
  if (!magic.every((byte, i) => data[i] === byte)) return take(chunk(data, 0, data.length), data, out, 0)
  if (data.length < headerBytes) throw garbage('snappy', 'its header is cut off')
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let to = 0
  for (let at = headerBytes; at < data.length;) {
    const length = data.length - at < 4 ? Infinity : view.getUint32(at)
    if (length > data.length - at - 4) throw garbage('snappy', 'a chunk is cut off')
    to = take(chunk(data, at + 4, at + 4 + length), data, out, to)
    at += 4 + length
  }
  return to
}

function take({ at, end, size }: Chunk, data: Uint8Array, out: Buffer | null, to: number): number {
  if (out !== null) unfold(data, at, end, out, to, size)
  return to + size
}

/** Reads the length that the stream begins with: a varint of at most 32 bits. */
function chunk(data: Uint8Array, from: number, end: number): Chunk {
  let size = 0
  for (let at = from, shift = 0; at < end && shift < 35; shift += 7) {
    const byte = data[at++] as number
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) {
      if (size > (end - at) * mostPerByte) throw garbage('snappy', 'it promises more than it can hold')
      return { at, end, size }
    }
  }
  throw garbage('snappy', 'it has no length')
}

function unfold(src: Uint8Array, from: number, end: number, out: Uint8Array, start: number, size: number): void {
  let at = from
  let to = start
  const stop = start + size
  while (at < end) {
    const tag = src[at++] as number
    const kind = tag & 3
    // bytes behind the tag: of a long literal's length, or of a copy's distance
    const extra = kind === 0 ? Math.max(0, (tag >>> 2) - 59) : kind === 3 ? 4 : kind
    if (extra > end - at) throw garbage('snappy', 'an element is cut off')
    let number = 0
    for (let i = extra - 1; i >= 0; i--) number = number * 256 + (src[at + i] as number)
    at += extra
    if (kind === 0) {
      const length = (extra === 0 ? tag >>> 2 : number) + 1
      if (length > end - at || length > stop - to) throw garbage('snappy', 'a literal beyond the end')
      literal(src, at, out, to, length)
      at += length
      to += length
    } else {
      const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
      const distance = kind === 1 ? ((tag >>> 5) << 8) | number : number
      if (distance === 0 || distance > to - start || length > stop - to) throw garbage('snappy', 'a copy out of range')
      repeat(out, to, distance, length)
      to += length
    }
  }
  if (to !== stop) throw garbage('snappy', 'it is shorter than it promises')
}
