import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { after } from '../clock.ts'
import type { Alarm } from '../clock.ts'
import type { Problem } from '../problem.ts'
import { plainAddress } from './client.ts'

const connection: unique symbol = Symbol('connection')
/** A TCP peer that was gone before it was asked for: not to be taken for one behind a Unix socket, which is trusted. */
const nobody = 'unknown'
/** A client that has ended its side is probed after this time without an answer, and once more: the second write meets the reset. */
const probeMs = 100
const probes = 2

type Known = Socket & { [connection]?: Connection }

/** A request on a connection, until it is answered. */
export interface Pending {
  readonly method: string
  /** The client has closed the connection. */
  leave(): void
  /** The client has ended its side: the answer is the last one. */
  endAfter(): void
  /** Writes an interim response, which a client that has closed both sides answers with a reset. */
  probe(): void
  /** Answers with this problem, as the last one, if its body is being read; else returns false. */
  breakOff(problem: Problem): boolean
}

/** One connection with the requests on it that are not answered yet; more than one when the client pipelines. */
export class Connection {
  readonly peer: string
  /** Whether requests come beside each other, as streams: then none of their answers ends it. */
  readonly multiplexed: boolean = false
  readonly #socket: Socket
  readonly #open: Pending[] = [] // mostly one
  /** The latest request, while it is open: only behind it may the connection be closed, or the ones before it lose their answers. */
  newest: Pending | null = null
  /** Its last answer is under way: what still comes is thrown away, a request that was smuggled in behind a bad one too. */
  broken = false
  #begun = 0
  #seen = 0 // how many had begun at the last look
  #looks = 0 // in a row that found it idle
  #alarm: Alarm | null = null // of a connection without a request, or of one whose client has ended its side

  constructor(socket: Socket, unnamed: string) {
    this.#socket = socket
    this.peer = socket.remoteAddress === undefined ? unnamed : plainAddress(socket.remoteAddress)
    // one listener a connection, where `close` of a response would be one a request, and says nothing of pipelined ones
    socket.on('close', () => {
      this.#rest(null)
      for (const pending of this.open) pending.leave()
    })
    socket.on('end', () => this.#halfClosed())
  }

  get open(): readonly Pending[] {
    return this.#open.slice() // whoever is told something may be answered by that
  }

  get idle(): boolean {
    return this.#open.length === 0
  }

  /** Whether nothing has ever come from the client: a load balancer opens connections before it has a request. */
  get unstarted(): boolean {
    return this.#socket.bytesRead === 0
  }

  begin(pending: Pending): void {
    if (this.#alarm !== null) this.#rest(null)
    this.#begun++
    this.#open.push(pending)
    this.newest = pending
  }

  end(pending: Pending): void {
    const at = this.#open.indexOf(pending)
    if (at === this.#open.length - 1) this.#open.pop()
    else if (at !== -1) this.#open.splice(at, 1)
    if (this.newest === pending) this.newest = null // an idle connection must not keep the last body
  }

  /** Tells a request that its client has given it up; false when it was answered before, or is none of them. */
  left(pending: unknown): boolean {
    const found = this.#open.find(each => each === pending)
    found?.leave()
    return found !== undefined
  }

  /** Closes the connection if no request has begun on it by then. */
  closeUnstarted(afterMs: number): void {
    this.#rest(after(afterMs, () => this.close()))
  }

  /** In how many looks in a row it was idle, this one included. */
  look(): number {
    this.#looks = this.idle && this.#begun === this.#seen ? this.#looks + 1 : 0
    this.#seen = this.#begun
    return this.#looks
  }

  /** Ends our side. A request that is under way to us meets a closed connection, as it would have met a busier one. */
  close(): void {
    this.broken = true
    this.#socket.end()
  }

  /** Says that it will end, where that can be said without an answer. */
  notice(): void {}

  /** Ends it, whatever is under way. */
  cut(): void {
    this.#socket.destroy()
  }

  /** TCP tells a client that has ended its side and waits for its answer from one that has left only when it is written to. */
  #halfClosed(): void {
    if (this.idle || this.multiplexed) return
    this.newest?.endAfter()
    this.#probe(probes)
  }

  #probe(left: number): void {
    const probe = (): void => {
      this.#open[0]?.probe()
      if (left > 1) this.#probe(left - 1)
    }
    this.#rest(after(probeMs, probe))
  }

  #rest(alarm: Alarm | null): void {
    this.#alarm?.cancel()
    this.#alarm = alarm
  }

  /** The socket, where it has TLS: it knows the certificate of the client. */
  get secure(): TLSSocket | null {
    return 'getPeerX509Certificate' in this.#socket ? (this.#socket as TLSSocket) : null
  }

  /** The connection of a socket; `unnamed` is what a peer without an address is called. */
  static of(socket: Known, unnamed = nobody): Connection {
    return (socket[connection] ??= new Connection(socket, unnamed))
  }
}
