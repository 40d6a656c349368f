import type { Socket } from 'node:net'
import { plainAddress } from './client.ts'
import type { Exchange } from './exchange.ts'

const line: unique symbol = Symbol('line')
/** A TCP peer that was gone before it was asked for: not to be taken for one behind a Unix socket, which is trusted. */
const nobody = 'unknown'

type Known = Socket & { [line]?: Line }

/** One connection with the requests on it that are not answered yet; more than one when the client pipelines. */
export class Line {
  readonly peer: string
  readonly #open: Exchange[] = [] // mostly one
  /** The latest request, while it is open: only behind it may the connection be closed, or the ones before it lose their answers. */
  newest: Exchange | null = null
  /** Its last answer is under way: what still comes is thrown away, a request that was smuggled in behind a bad one too. */
  broken = false

  constructor(socket: Socket, unnamed: string) {
    this.peer = socket.remoteAddress === undefined ? unnamed : plainAddress(socket.remoteAddress)
    // one listener a connection, where `close` of a response would be one a request, and says nothing of pipelined ones
    socket.on('close', () => {
      for (const exchange of this.open) exchange.leave()
    })
  }

  get open(): readonly Exchange[] {
    return this.#open.slice() // whoever is told something may be answered by that
  }

  begin(exchange: Exchange): void {
    this.#open.push(exchange)
    this.newest = exchange
  }

  end(exchange: Exchange): void {
    const at = this.#open.indexOf(exchange)
    if (at === this.#open.length - 1) this.#open.pop()
    else if (at !== -1) this.#open.splice(at, 1)
    if (this.newest === exchange) this.newest = null // an idle connection must not keep the last body
  }

  /** The line of a socket; `unnamed` is what a peer without an address is called. */
  static of(socket: Known, unnamed = nobody): Line {
    return (socket[line] ??= new Line(socket, unnamed))
  }
}
