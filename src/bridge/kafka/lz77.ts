/** Compressed bytes that cannot be unfolded. `too-large` may be an attack, or a limit set too low; `garbage` is neither. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable'
  readonly kind: 'too-large' | 'garbage'

  constructor(kind: Undecodable['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

export const garbage = (format: string, what: string, cause?: unknown): Undecodable =>
  new Undecodable('garbage', `${format}: ${what}.`, cause)

export const tooLarge = (format: string, limitBytes: number): Undecodable =>
  new Undecodable('too-large', `${format}: unfolds to more than ${limitBytes} bytes.`)

/** Below this a plain loop is quicker than a call. */
const short = 24

/** Copies `length` bytes from `src[from]` to `out[to]`. The caller has checked both ranges. */
export function literal(src: Uint8Array, from: number, out: Uint8Array, to: number, length: number): void {
  if (length < short) for (let i = 0; i < length; i++) out[to + i] = src[from + i] as number
  else out.set(src.subarray(from, from + length), to)
}

/** Repeats what stands `distance` bytes before `to`, for `length` bytes, also where it overlaps itself. The caller has checked the range. */
export function repeat(out: Uint8Array, to: number, distance: number, length: number): void {
  if (length < short) {
    for (const end = to + length; to < end; to++) out[to] = out[to - distance] as number
    return
  }
  // what has a period has twice that period as well: the copies double instead of going byte by byte
  for (; length > distance; distance *= 2) {
    out.copyWithin(to, to - distance, to)
    to += distance
    length -= distance
  }
  out.copyWithin(to, to - distance, to - distance + length)
}
