import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { after, now, since } from '../clock.ts'

/** What a network is like. */
export type Conditions = Readonly<{ latencyMs: number; bytesPerSecond?: number | undefined; cut: boolean }>

const lengthOf = (chunk: Buffer, { latencyMs, bytesPerSecond }: Conditions): number =>
  latencyMs + (bytesPerSecond === undefined ? 0 : (chunk.length * 1_000) / bytesPerSecond)

/** A TCP proxy whose connections can be made slow, narrow, or cut. */
export class Link implements AsyncDisposable {
  readonly #server: Server
  readonly #to: Readonly<{ host: string; port: number }>
  readonly #sockets = new Set<Socket>()
  #conditions: Conditions | null = null

  private constructor(server: Server, to: Readonly<{ host: string; port: number }>) {
    this.#server = server
    this.#to = to
    server.on('connection', near => this.#carry(near))
  }

  static async open(to: Readonly<{ host: string; port: number }>): Promise<Link> {
    const server = createServer({ noDelay: true })
    const link = new Link(server, to)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return link
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** From now on, for connections that there are too; null: it is as if there were no proxy. */
  suffer(conditions: Conditions | null): void {
    this.#conditions = conditions
    if (conditions?.cut === true) for (const socket of this.#sockets) socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #carry(near: Socket): void {
    if (this.#conditions?.cut === true) return void near.destroy()
    const far = connect({ ...this.#to, noDelay: true })
    this.#pass(near, far)
    this.#pass(far, near)
  }

  /** What comes in goes out in its order, later where the network is slow; the source waits while too much is held. */
  #pass(from: Socket, to: Socket): void {
    let freeAt = 0 // when what is held has gone out, by the clock of this pass
    let held = 0
    const started = now()
    this.#sockets.add(from)
    from.on('error', () => {}) // 'close' follows
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.on('data', (chunk: Buffer) => {
      if (this.#conditions === null && held === 0) {
        to.write(chunk)
        return
      }
      const at = since(started)
      const { latencyMs } = this.#conditions ?? none
      const sendingMs = lengthOf(chunk, this.#conditions ?? none) - latencyMs
      freeAt = Math.max(freeAt, at) + sendingMs
      held += chunk.length
      if (held > mostHeld) from.pause()
      after(freeAt + latencyMs - at, () => {
        held -= chunk.length
        if (held <= mostHeld) from.resume()
        if (!to.destroyed) to.write(chunk)
      })
    })
  }
}

const none: Conditions = { latencyMs: 0, cut: false }
const mostHeld = 1_048_576
