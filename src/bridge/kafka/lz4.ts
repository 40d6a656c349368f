import { garbage, literal, repeat, tooLarge } from './lz77.ts'

const magic = 0x184d2204
const flag = { contentSize: 0x08, blockChecksum: 0x10, dictionary: 0x01 } as const
const version = { mask: 0xc0, one: 0x40 } as const
/** The largest block, by the number in the frame's header. */
const blockBytes: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 }
const plain = 0x8000_0000
const shortestMatch = 4

type Frame = Readonly<{ at: number; largest: number; gap: number }>

/**
 * Unfolds a frame of LZ4. Throws Undecodable, and allocates nothing above the limit: a first pass over the tokens only counts.
 * Format: github.com/lz4/lz4, lz4_Frame_format.md and lz4_Block_format.md. The checksums are not compared, as the record
 * batch has one over everything. Own code, as the package lz4js neither checks ranges nor can be limited.
 */
export function unlz4(data: Uint8Array, limitBytes: number): Buffer {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const frame = header(view)
  const out = Buffer.allocUnsafe(pass(data, view, frame, null, limitBytes))
  pass(data, view, frame, out, limitBytes) // fills it wholly, as it goes where the first pass has counted
  return out
}

function header(view: DataView): Frame {
  if (view.byteLength < 7 || view.getUint32(0, true) !== magic) throw garbage('lz4', 'it does not begin as a frame')
  const flags = view.getUint8(4)
  const largest = blockBytes[(view.getUint8(5) >>> 4) & 7]
  if ((flags & version.mask) !== version.one || (flags & flag.dictionary) !== 0 || largest === undefined)
    throw garbage('lz4', 'a frame of an unknown kind')
  const at = (flags & flag.contentSize) === 0 ? 7 : 15
  return { at, largest, gap: (flags & flag.blockChecksum) === 0 ? 0 : 4 }
}

/** Goes through the blocks and returns their length together; without `out` it only counts. */
function pass(
  data: Uint8Array,
  view: DataView,
  { at, largest, gap }: Frame,
  out: Buffer | null,
  limitBytes: number,
): number {
  let to = 0
  while (at + 4 <= data.length) {
    const size = view.getUint32(at, true)
    if (size === 0) return to
    const from = at + 4
    const end = from + (size & ~plain)
    if (end > data.length) break
    const before = to
    if (size < plain) to = unfold(data, from, end, out, to)
    else {
      out?.set(data.subarray(from, end), to)
      to += end - from
    }
    if (to - before > largest) throw garbage('lz4', 'a block is larger than its frame allows')
    if (to > limitBytes) throw tooLarge('lz4', limitBytes)
    at = end + gap
  }
  throw garbage('lz4', 'the frame is cut off')
}

/** Unfolds a block to `out[start]` and returns where it ends there; without `out` it only counts. */
function unfold(src: Uint8Array, from: number, end: number, out: Uint8Array | null, start: number): number {
  let at = from
  let to = start
  const extended = (length: number): number => {
    for (let byte = 255; byte === 255;) {
      if (at === end) throw garbage('lz4', 'a length is cut off')
      byte = src[at++] as number
      length += byte
    }
    return length
  }
  while (at < end) {
    const token = src[at++] as number
    const literals = token >>> 4 === 15 ? extended(15) : token >>> 4
    if (literals > end - at) throw garbage('lz4', 'a literal beyond the end')
    if (out !== null) literal(src, at, out, to, literals)
    at += literals
    to += literals
    if (at === end) return to // the last sequence is a literal alone
    if (end - at < 2) throw garbage('lz4', 'a match is cut off')
    const distance = (src[at] as number) | ((src[at + 1] as number) << 8)
    at += 2
    const length = shortestMatch + ((token & 15) === 15 ? extended(15) : token & 15)
    if (out !== null) {
      // blocks may be linked: a match may reach into what the blocks before have left
      if (distance === 0 || distance > to) throw garbage('lz4', 'a match out of range')
      repeat(out, to, distance, length)
    }
    to += length
  }
  throw garbage('lz4', 'a block does not end in a literal')
}
