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
  readonly open = new Set<Exchange>()
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

  /** The line of a socket; `unnamed` is what a peer without an address is called. */
  static of(socket: Known, unnamed = nobody): Line {
    return (socket[line] ??= new Line(socket, unnamed))
  }
}
