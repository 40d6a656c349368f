import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** An answer as far as the laboratory looks at it. */
export type Heard = Readonly<{
  status: number
  outcome: string // Sluice-Outcome; empty where the gateway is another
  code: string // of the problem; empty without one
  retryAfterMs: number
  body: string
}>

const inbox = Buffer.allocUnsafe(65_536) // one for all: it is read before the next socket gets its turn

/** What a generator sends over: one request at a time. */
export interface Wire {
  /** Sends a request; `ended` is told its answer, or null when the connection is lost. */
  send(request: string, ended: (heard: Heard | null) => void): void
  /** Hangs up: who sent hears nothing more. */
  close(): void
}

/**
 * One keep-alive connection with at most one request on its way, dialled when it is first used and again after it was lost. Raw,
 * as the generator must cost less than what it measures.
 */
export class Connection implements Wire {
  readonly #port: number
  readonly #host: string
  #socket: Socket | null = null
  #text = ''
  #ended: ((heard: Heard | null) => void) | null = null

  constructor(port: number, host = '127.0.0.1') {
    this.#port = port
    this.#host = host
  }

  /** Sends a request; `ended` is told its answer, or null when the connection is lost. Only one at a time. */
  send(request: string, ended: (heard: Heard | null) => void): void {
    this.#text = ''
    this.#ended = ended
    this.#socket ??= this.#dial()
    this.#socket.write(request, 'latin1')
  }

  /** Hangs up: who sent hears nothing more. */
  close(): void {
    this.#ended = null
    this.#socket?.destroy()
    this.#socket = null
  }

  #dial(): Socket {
    const onread = { buffer: inbox, callback: (size: number): boolean => this.#read(socket, size) }
    const socket: Socket = connect({ host: this.#host, port: this.#port, noDelay: true, onread })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.#socket = null
      this.#end(null)
    })
    return socket
  }

  #read(socket: Socket, size: number): boolean {
    if (this.#socket !== socket) return false
    this.#text += inbox.toString('latin1', 0, size)
    const heard = parse(this.#text)
    if (heard === null) return true
    if (heard.last) {
      this.#socket = null
      socket.destroy()
    }
    this.#end(heard)
    return true
  }

  #end(heard: Heard | null): void {
    const ended = this.#ended
    this.#ended = null
    ended?.(heard)
  }
}

/** An answer with a length; null while it is not complete. `last`: the other side closes the connection. */
export function parse(text: string): (Heard & Readonly<{ last: boolean }>) | null {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return null
  const head = text.slice(0, end + 2).toLowerCase()
  const length = Number(header(head, 'content-length') ?? 0)
  if (text.length < end + 4 + length) return null
  const status = Number(head.slice(9, 12))
  const body = text.slice(end + 4, end + 4 + length)
  return {
    status,
    outcome: header(head, 'sluice-outcome') ?? '',
    code: status < 400 ? '' : (/"code":"([^"]+)"/.exec(body)?.[1] ?? ''),
    retryAfterMs: 1_000 * Number(status < 400 ? 0 : (header(head, 'retry-after') ?? 0)),
    body,
    last: header(head, 'connection') === 'close',
  }
}

function header(head: string, name: string): string | null {
  const at = head.indexOf(`\r\n${name}:`)
  if (at === -1) return null
  const from = at + name.length + 3
  return head.slice(from, head.indexOf('\r\n', from)).trim()
}
