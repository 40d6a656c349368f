/** Writes Kafka's primitive types, big-endian, into a buffer that grows. Positions can be written over later. */
export class Writer {
  #buffer: Buffer
  at = 0

  constructor(size = 16_384) {
    this.#buffer = Buffer.allocUnsafe(size)
  }

  /** What was written. Valid until the writer is reset and written again. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.at)
  }

  /** Makes room for `size` more bytes and returns the buffer, to be written at `at`. */
  room(size: number): Buffer {
    if (this.at + size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.at + size))
      this.#buffer.copy(larger, 0, 0, this.at)
      this.#buffer = larger
    }
    return this.#buffer
  }

  int8(value: number): void {
    this.room(1)[this.at++] = value & 0xff
  }

  int16(value: number): void {
    this.at = this.room(2).writeInt16BE(value, this.at)
  }

  int32(value: number): void {
    this.at = this.room(4).writeInt32BE(value, this.at)
  }

  uint32At(position: number, value: number): void {
    this.#buffer.writeUInt32BE(value >>> 0, position)
  }

  int32At(position: number, value: number): void {
    this.#buffer.writeInt32BE(value, position)
  }

  int64(value: bigint): void {
    this.at = this.room(8).writeBigInt64BE(value, this.at)
  }

  string(value: string): void {
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.room(length).write(value, this.at)
    this.at += length
  }

  raw(value: Uint8Array): void {
    this.room(value.length).set(value, this.at)
    this.at += value.length
  }

  /** Zigzag varint of a signed 32-bit number. */
  varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    const buffer = this.room(5)
    while (rest > 0x7f) {
      buffer[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[this.at++] = rest
  }
}

/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  const rest = ((value << 1) ^ (value >> 31)) >>> 0
  return rest < 0x80 ? 1 : rest < 0x4000 ? 2 : rest < 0x200000 ? 3 : rest < 0x10000000 ? 4 : 5
}

/** What does not have the form that it should; whoever reads a record batch counts it and goes on behind it. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** Reads Kafka's primitive types. Throws Malformed beyond the end. */
export class Reader {
  readonly #buffer: Buffer
  at: number
  readonly end: number

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.#buffer = buffer
    this.at = at
    this.end = end
  }

  #take(size: number): number {
    const at = this.at
    if (size < 0 || at + size > this.end) throw new Malformed(`${size} bytes at ${at}, but it ends at ${this.end}`)
    this.at = at + size
    return at
  }

  get left(): number {
    return this.end - this.at
  }

  skip(size: number): void {
    this.#take(size)
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#take(8))
  }

  string(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const at = this.#take(length)
    return this.#buffer.toString('utf8', at, at + length)
  }

  /** A view, not a copy. */
  raw(size: number): Buffer {
    const at = this.#take(size)
    return this.#buffer.subarray(at, at + size)
  }

  array<T>(read: () => T): T[] {
    const length = this.int32()
    if (length > this.left) throw new Malformed(`an array of ${length} in ${this.left} bytes`)
    const items: T[] = []
    for (let i = 0; i < length; i++) items.push(read())
    return items
  }

  varint(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#take(1)] as number
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1)
    }
    throw new Malformed('a varint of more than five bytes')
  }

  /** Exact up to 2⁵³: timestamps' differences. */
  varlong(): number {
    let low = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#buffer[this.#take(1)] as number
      low |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return Number((low >> 1n) ^ -(low & 1n))
    }
    throw new Malformed('a varlong of more than ten bytes')
  }

  /** Latin-1 text without a copy in between: right for ASCII names, the common case. */
  text(size: number): string {
    const at = this.#take(size)
    return this.#buffer.toString('utf8', at, at + size)
  }
}
