import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** Writes Kafka's fixed-width types; the buffer grows and is used again after `reset`. */
export class Writer {
  buffer = Buffer.allocUnsafe(65_536)
  at = 0

  reset(): this {
    this.at = 0
    return this
  }

  room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(2 * (this.at + bytes))
    this.buffer.copy(grown, 0, 0, this.at)
    this.buffer = grown
  }

  int8(value: number): this {
    this.room(1)
    this.buffer[this.at++] = value
    return this
  }

  int16(value: number): this {
    this.room(2)
    this.at = this.buffer.writeInt16BE(value, this.at)
    return this
  }

  int32(value: number): this {
    this.room(4)
    this.at = this.buffer.writeInt32BE(value, this.at)
    return this
  }

  int64(value: bigint): this {
    this.room(8)
    this.at = this.buffer.writeBigInt64BE(value, this.at)
    return this
  }

  text(value: string): this {
    this.int16(value.length).room(value.length)
    this.at += this.buffer.write(value, this.at, 'latin1')
    return this
  }

  bytes(value: Uint8Array): this {
    this.room(value.length)
    this.buffer.set(value, this.at)
    this.at += value.length
    return this
  }
}

/** Reads them. */
export class Reader {
  readonly buffer: Buffer
  at = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  int16(): number {
    return this.buffer.readInt16BE((this.at += 2) - 2)
  }

  int32(): number {
    return this.buffer.readInt32BE((this.at += 4) - 4)
  }

  int64(): bigint {
    return this.buffer.readBigInt64BE((this.at += 8) - 8)
  }

  text(): string {
    const length = this.int16()
    return length < 0 ? '' : this.buffer.toString('latin1', this.at, (this.at += length))
  }

  /** A list: its length, then as many items. */
  list<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item)
  }
}

/** One connection to a broker. Answers come in the order of the requests, so that no number is needed to match them. */
export class Link {
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  readonly #waiting: ((answer: Reader) => void)[] = []
  readonly #frame = new Writer()
  #chunks: Buffer[] = []
  #size = 0

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
  }

  /** Opened when it is needed: brokers close a connection that has rested for ten minutes. */
  #open(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    socket.on('data', chunk => this.#receive(chunk))
    socket.on('error', error => fail(`${this.#host}:${this.#port}: ${error.message}`))
    socket.on('close', () => {
      this.#socket = undefined
      if (this.#waiting.length > 0) fail(`${this.#host}:${this.#port} closed the connection.`)
    })
    return socket
  }

  /** Sends a request whose body `write` appends; at most one at a time may be unanswered when it is larger than a socket's buffer. */
  request(api: number, version: number, write: (writer: Writer) => void): Promise<Reader> {
    const frame = this.#frame.reset().int32(0).int16(api).int16(version).int32(0).int16(-1)
    write(frame)
    frame.buffer.writeInt32BE(frame.at - 4, 0)
    const { promise, resolve } = Promise.withResolvers<Reader>()
    this.#waiting.push(resolve)
    this.#socket ??= this.#open()
    this.#socket.write(Buffer.from(frame.buffer.subarray(0, frame.at)))
    return promise
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    while (this.#size >= 4) {
      if (this.#chunks[0]!.length < 4) this.#chunks = [Buffer.concat(this.#chunks)]
      const length = 4 + this.#chunks[0]!.readInt32BE(0)
      if (this.#size < length) return
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
      this.#size -= length
      this.#chunks = this.#size === 0 ? [] : [all.subarray(length)]
      this.#waiting.shift()?.(new Reader(all.subarray(8, length)))
    }
  }
}

/** A benchmark whose worker is in trouble measures nothing: it ends, loudly. */
export function fail(why: string): never {
  console.error(`worker: ${why}`)
  process.exit(1)
}
