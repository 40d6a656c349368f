import { Violations } from '../codec.ts'

/** What is written, in a buffer that grows. */
export class Sink {
  #buffer = Buffer.allocUnsafe(1_024)
  #at = 0

  begin(): void {
    this.#at = 0
  }

  /** A copy of what was written since `begin`. */
  get written(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#at))
  }

  byte(value: number): void {
    this.#room(1)
    this.#buffer[this.#at++] = value
  }

  /** Zigzag, seven bits a byte: a whole number within ±2^53. */
  long(value: number): void {
    this.#room(10)
    if (value >= -0x4000_0000 && value < 0x4000_0000) {
      let rest = ((value << 1) ^ (value >> 31)) >>> 0
      while (rest > 0x7f) {
        this.#buffer[this.#at++] = (rest & 0x7f) | 0x80
        rest >>>= 7
      }
      this.#buffer[this.#at++] = rest
    } else this.bigint(BigInt(value))
  }

  /** As `long`, of 64 bits. */
  bigint(value: bigint): void {
    this.#room(10)
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    while (rest > 0x7fn) {
      this.#buffer[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#buffer[this.#at++] = Number(rest)
  }

  float(value: number): void {
    this.#room(4)
    this.#at = this.#buffer.writeFloatLE(value, this.#at)
  }

  double(value: number): void {
    this.#room(8)
    this.#at = this.#buffer.writeDoubleLE(value, this.#at)
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /** A text without its length. */
  ascii(text: string): void {
    this.#room(text.length)
    const buffer = this.#buffer
    let at = this.#at
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i)
    this.#at = at
  }

  /** As `ascii`, of any text. */
  utf8(text: string): void {
    this.#room(Buffer.byteLength(text))
    this.#at += this.#buffer.write(text, this.#at)
  }

  /** Puts bytes into quotes; false, and nothing, where JSON would have them otherwise. */
  quoted(bytes: Uint8Array, from: number, to: number): boolean {
    this.#room(to - from + 2)
    const buffer = this.#buffer
    let at = this.#at
    buffer[at++] = 0x22
    for (let i = from; i < to; i++) {
      const byte = bytes[i] as number
      if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false
      buffer[at++] = byte
    }
    buffer[at++] = 0x22
    this.#at = at
    return true
  }

  /** Writes a text with its length; false when it is no Unicode. */
  text(value: string): boolean {
    if (value.length < 64 && this.#ascii(value)) return true
    if (!value.isWellFormed()) return false
    const length = Buffer.byteLength(value)
    this.long(length)
    this.#room(length)
    this.#at += this.#buffer.write(value, this.#at)
    return true
  }

  /** Short texts are mostly ASCII, and quicker here than through two calls of Node. */
  #ascii(value: string): boolean {
    this.#room(64)
    const buffer = this.#buffer
    let at = this.#at
    buffer[at++] = value.length * 2
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) return false
      buffer[at++] = code
    }
    this.#at = at
    return true
  }

  #room(bytes: number): void {
    const wanted = this.#at + bytes
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#at))
    this.#buffer = larger
  }
}

const deepest = 256
const emptyItems = 65_536

/** What is read, within its bounds: no length is believed before its bytes are there. */
export class Tap {
  readonly #buffer: Buffer
  #at = 0
  #depth = 0
  #items: number

  constructor(value: Uint8Array) {
    this.#buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    this.#items = value.length + emptyItems // items of no bytes at all must end, too
  }

  end(): void {
    if (this.#at !== this.#buffer.length) throw broken('has bytes behind its end')
  }

  byte(): number {
    return this.#buffer[this.#advance(1)] as number
  }

  /** Of 64 bits; a number where it is exact. */
  long(): number | bigint {
    let value = 0
    for (let shift = 1, count = 0; count < 4; count++, shift *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
    let wide = BigInt(value)
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      wide |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        const signed = BigInt.asIntN(64, (wide >> 1n) ^ -(wide & 1n))
        const number = Number(signed)
        return Number.isSafeInteger(number) ? number : signed
      }
    }
    throw broken('has a number of more than 64 bits')
  }

  /** A number of bytes or items. */
  size(): number {
    const size = this.long()
    if (typeof size === 'bigint') throw broken('is cut short')
    return size
  }

  float(): number {
    return this.#buffer.readFloatLE(this.#advance(4))
  }

  double(): number {
    return this.#buffer.readDoubleLE(this.#advance(8))
  }

  bytes(length: number): Buffer {
    const from = this.#advance(length)
    return this.#buffer.subarray(from, this.#at)
  }

  /** A text with its length, as JSON: bytes that JSON has as they are go on without being decoded. */
  textTo(out: Sink): void {
    const length = this.size()
    const from = this.#advance(length)
    if (length <= 256 && out.quoted(this.#buffer, from, from + length)) return
    out.utf8(JSON.stringify(this.#buffer.toString('utf8', from, from + length)))
  }

  /** Counts an item of an array or a map. */
  item(): void {
    if (--this.#items < 0) throw broken('has too many items')
  }

  down(): void {
    if (++this.#depth > deepest) throw broken(`is nested deeper than ${deepest} levels`)
  }

  up(): void {
    this.#depth--
  }

  #advance(bytes: number): number {
    const from = this.#at
    if (bytes < 0 || from + bytes > this.#buffer.length) throw broken('is cut short')
    this.#at = from + bytes
    return from
  }
}

export const broken = (what: string): Violations => new Violations([{ pointer: '', message: what }])
