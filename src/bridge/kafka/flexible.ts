import type { Reader, Writer } from './bytes.ts'

// What the "flexible" versions of requests are made of (KIP-482): lengths are unsigned varints, one more than what they
// count, so that 0 is null, and every structure ends with tagged fields. Of their headers kafkajs writes and reads the older
// part, which lacks the tagged fields at the end: so each of these bodies begins with them.

export function compactLength(out: Writer, count: number): void {
  let rest = count + 1
  while (rest > 0x7f) {
    out.int8((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  out.int8(rest)
}

export function compactString(out: Writer, text: string): void {
  const bytes = Buffer.from(text)
  compactLength(out, bytes.length)
  out.raw(bytes)
}

export const noTags = (out: Writer): void => out.int8(0)

function unsigned(from: Reader): number {
  let result = 0
  for (let shift = 0; ; shift += 7) {
    const byte = from.int8()
    result |= (byte & 0x7f) << shift
    if (byte >= 0 || shift >= 28) return result >>> 0
  }
}

/** −1 for null. */
export const readLength = (from: Reader): number => unsigned(from) - 1
export const readText = (from: Reader): string => from.raw(Math.max(0, readLength(from))).toString()
export const skipText = (from: Reader): void => from.skip(Math.max(0, readLength(from)))

export function readArray<T>(from: Reader, read: () => T): T[] {
  const items: T[] = []
  for (let left = readLength(from); left > 0; left--) items.push(read())
  return items
}

/** Passes the tagged fields at the end of a structure. */
export function tags(from: Reader): void {
  for (let count = unsigned(from); count > 0; count--) {
    unsigned(from)
    from.skip(unsigned(from))
  }
}

/** The id of a topic, as text. */
export const readId = (from: Reader): string => from.raw(16).toString('hex')
export const writeId = (out: Writer, id: string): void => out.raw(Buffer.from(id, 'hex'))
