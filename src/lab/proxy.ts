import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'

/** Kafka's numbers of the requests that the tests tell apart. */
export const apis = { produce: 0, fetch: 1, metadata: 3, findCoordinator: 10 } as const
export type Api = keyof typeof apis

type Line = Readonly<{ near: Socket; far: Socket; carried: Set<number> }>

/**
 * Stands between a client and the one broker of a test, knows which requests a connection carries, and can cut those of one
 * kind. What the broker says of its address is rewritten, so that all connections come this way.
 */
export class KafkaProxy {
  readonly #server: Server
  readonly #host: string
  readonly #port: number
  readonly #lines = new Set<Line>()
  readonly #refused = new Set<number>()
  /** Connections that came in so far. */
  dials = 0

  private constructor(server: Server, host: string, port: number) {
    this.#server = server
    this.#host = host
    this.#port = port
    server.on('connection', near => this.#carry(near))
  }

  /** `brokers` is the address of a single broker. */
  static async open(brokers: string): Promise<KafkaProxy> {
    const [host = '', port] = brokers.split(':')
    const server = createServer({ noDelay: true })
    const proxy = new KafkaProxy(server, host, Number(port))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return proxy
  }

  /** What a client is given in place of the broker. */
  get address(): string {
    return `127.0.0.1:${this.#ownPort}`
  }

  /** Connections that are open and have carried requests of this kind. */
  count(api: Api): number {
    return [...this.#lines].filter(({ carried }) => carried.has(apis[api])).length
  }

  /** Closes them, and returns how many there were; without a kind all. */
  cut(api?: Api): number {
    const lines = [...this.#lines].filter(({ carried }) => api === undefined || carried.has(apis[api]))
    for (const line of lines) this.#close(line)
    return lines.length
  }

  /** From now on each connection that carries such a request is closed at that moment; those that do now at once. */
  refuse(api: Api): void {
    this.#refused.add(apis[api])
    this.cut(api)
  }

  /** Ends all refusals. */
  heal(): void {
    this.#refused.clear()
  }

  async close(): Promise<void> {
    this.#server.close()
    this.cut()
    await once(this.#server, 'close')
  }

  get #ownPort(): number {
    return (this.#server.address() as { port: number }).port
  }

  #carry(near: Socket): void {
    this.dials++
    const far = connect({ host: this.#host, port: this.#port, noDelay: true })
    const line: Line = { near, far, carried: new Set() }
    this.#lines.add(line)
    const asked = new Map<number, readonly [api: number, version: number]>()
    near.on(
      'data',
      byFrame(frame => {
        const api = frame.readInt16BE(4)
        line.carried.add(api)
        if (this.#refused.has(api)) return this.#close(line)
        if (api === apis.metadata || api === apis.findCoordinator)
          asked.set(frame.readInt32BE(8), [api, frame.readInt16BE(6)])
        far.write(frame)
      }),
    )
    far.on(
      'data',
      byFrame(frame => {
        const [api, version] = asked.get(frame.readInt32BE(4)) ?? []
        asked.delete(frame.readInt32BE(4))
        if (api === apis.metadata) rewriteMetadata(frame, version ?? 0, this.#ownPort)
        else if (api === apis.findCoordinator) rewriteCoordinator(frame, version ?? 0, this.#ownPort)
        near.write(frame)
      }),
    )
    for (const socket of [near, far]) {
      socket.on('error', () => {}) // 'close' follows
      socket.on('close', () => this.#close(line))
    }
  }

  #close(line: Line): void {
    this.#lines.delete(line)
    line.near.destroy()
    line.far.destroy()
  }
}

/** Calls back with each whole frame, its length included. */
function byFrame(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return chunk => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length >= 4) {
      const size = 4 + pending.readInt32BE(0)
      if (pending.length < size) return
      take(pending.subarray(0, size))
      pending = pending.subarray(size)
    }
  }
}

/** Metadata of any version: the host is the proxy's already, and a port takes as many bytes as any other. */
function rewriteMetadata(frame: Buffer, version: number, port: number): void {
  if (version >= 9) return rewriteCompact(frame, port)
  let at = version >= 3 ? 12 : 8
  const count = frame.readInt32BE(at)
  at += 4
  for (let i = 0; i < count; i++) {
    at += 4 // id
    at += 2 + frame.readInt16BE(at) // host
    frame.writeInt32BE(port, at)
    at += 4
    if (version >= 1) at += 2 + Math.max(0, frame.readInt16BE(at)) // rack
  }
}

/** From version 9 on lengths are unsigned varints, one more than the length, and tagged fields end each part (KIP-482). */
function rewriteCompact(frame: Buffer, port: number): void {
  let at = 8
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = frame.readUInt8(at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  const skipText = (): void => {
    const size = varint() - 1
    at += Math.max(0, size)
  }
  const skipTags = (): void => {
    for (let left = varint(); left > 0; left--) {
      varint() // which
      const size = varint()
      at += size
    }
  }
  skipTags() // of the header
  at += 4 // throttle time
  for (let left = varint() - 1; left > 0; left--) {
    at += 4 // id
    skipText() // host
    frame.writeInt32BE(port, at)
    at += 4
    skipText() // rack
    skipTags()
  }
}

/** FindCoordinator before version 3. */
function rewriteCoordinator(frame: Buffer, version: number, port: number): void {
  let at = version >= 1 ? 12 : 8
  at += 2 // error
  if (version >= 1) at += 2 + Math.max(0, frame.readInt16BE(at)) // its message
  at += 4 // id
  at += 2 + frame.readInt16BE(at) // host
  frame.writeInt32BE(port, at)
}
