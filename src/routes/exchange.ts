import { randomUUID } from 'node:crypto'
import { Aborter } from '../aborter.ts'
import type { Call, CallId, Reply } from '../call.ts'
import { after, now, since } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { events } from '../events.ts'
import { Problem, strongest } from '../problem.ts'
import type { Outcome } from '../problem.ts'
import { paced } from '../turn.ts'
import type { Inbound } from './inbound.ts'
import type { Connection, Pending } from './connection.ts'
import { problemBody, problemHead, replyBody, replyHead, streamHead } from './respond.ts'
import type { Identity } from './identity/claims.ts'
import type { Offer } from './options.ts'
import type { Outbound } from './outbound.ts'
import type { Answered } from './respond.ts'
import { trickle } from './trickle.ts'

/** What all requests of a server share: once it is closing, every answer is the last of its connection. */
export type Door = {
  closing: boolean
  readonly flushMs: number
  readonly fields?: readonly string[] | null
  readonly calls?: string | undefined // stands before the id of a call in problems
}

/** A refused body of up to this size is read and thrown away, so that the connection stays; behind a larger one it is closed. */
const discardBytes = 65_536
/** How long a client that is still sending may do so, to find the refusal rather than a reset connection. */
const lingerMs = 1_000
const mebi = 1_048_576
/** A body up to this size goes out as text in one piece with its head: one write, no vector of buffers. */
const textBytes = 16_384

/** One request and its answer: just one, whatever comes first. */
export class Exchange implements Pending, Answered {
  readonly req: Inbound
  readonly res: Outbound
  readonly connection: Connection
  readonly id: CallId = randomUUID() as string as CallId
  readonly started: Instant = now()
  route = 'none'
  call: Call | null = null
  /** What is known of a command that is no call of this request. */
  outcome: Outcome = 'not-sent'
  /** Seconds of `Prefer: wait` when they are honoured. */
  wait: number | null = null
  /** `Prefer: respond-async` is honoured. */
  respondsAsync = false
  /** `Prefer: callback` is honoured. */
  calls = false
  /** What the path offers, gathered only when the method it came with is none of it. */
  offers: readonly Offer[] | null = null
  /** Further headers of its answer, whatever that will be; a flat list. */
  fields: readonly string[] | null
  /** Who its client is; null while nobody has vouched for it. */
  identity: Identity | null = null
  /** Settles once that is known, when it is not at once; rejects with a Problem. */
  admission: Promise<void> | null = null
  /** The connection is closed after the answer. */
  last = false
  readonly #door: Door
  #abort: Aborter | null = null
  #gone = false

  constructor(req: Inbound, res: Outbound, connection: Connection, door: Door) {
    this.req = req
    this.res = res
    this.connection = connection
    this.#door = door
    this.fields = door.fields ?? null
    connection.begin(this)
  }

  get method(): string {
    return this.req.method ?? 'none'
  }

  /** Aborts when the client leaves before its answer. */
  aborter(): Aborter {
    if (this.#abort === null) {
      this.#abort = new Aborter()
      if (this.#gone) this.#abort.abort(gone())
    }
    return this.#abort
  }

  /** The client has closed the connection. */
  leave(): void {
    this.#gone = true
    const problem = gone()
    this.req.fail(problem)
    this.#abort?.abort(problem)
  }

  endAfter(): void {
    this.last = true
  }

  /** `100 Continue` is the one interim response that every client passes over; HTTP/1.0 has none. */
  probe(): void {
    if (!this.res.headersSent && this.req.httpVersionMinor > 0) this.res.writeContinue()
  }

  breakOff(problem: Problem): boolean {
    if (!this.req.reading) return false
    this.last = true
    this.req.fail(problem)
    return true
  }

  /** Answers with a worker's reply, of whose headers those in `passes` go out. Throws bad-reply when HTTP cannot carry it. */
  reply(reply: Reply, passes: ReadonlySet<string>): void {
    const ms = since(this.started)
    const head = replyHead(this, reply, passes, ms)
    if (!this.#gone) this.#send(reply.status, head, replyBody(reply), reply.bytesPerSecond)
    this.#finish(reply.status, this.call?.progress.outcome ?? this.outcome, null, ms)
  }

  /**
   * Answers with a problem; `more` is a flat list of further headers. Before all of a request is read its refusal waits for the
   * end of the turn: most bodies are there by then, and the connection can stay. What ends its connection always goes out at
   * once, before what is smuggled in behind is looked at.
   */
  refuse(problem: Problem, more: readonly string[] = []): void {
    if (this.last || this.req.complete) this.#refuse(problem, more)
    else paced(() => this.#refuse(problem, more), false)
  }

  /**
   * Begins an answer without an end, which closes its connection: what follows is the caller's to write. Null when the client has
   * left. A `problem` is why the answer will be short although its status is 200.
   */
  open(type: string, problem: Problem | null = null): Outbound | null {
    const { res, connection } = this
    const ms = since(this.started)
    const outcome = this.call?.progress.outcome ?? this.outcome
    this.last = true
    if (!this.#gone) {
      res.shouldKeepAlive = false
      res.useChunkedEncodingByDefault = false // pieces written for many go out as they are
      const head = streamHead(this, type, outcome, ms)
      res.writeHead(200, this.fields === null ? head : [...head, ...this.fields])
      res.flushHeaders()
      if (!connection.multiplexed) {
        res.socket?.once('end', () => res.destroy()) // who ends its side of a stream has left
        connection.broken = true
      }
    }
    this.#finish(200, outcome, problem, ms)
    return this.#gone ? null : res
  }

  /** The answer has been given by whoever accepted its upgrade. */
  upgraded(): void {
    this.connection.broken = true
    this.#finish(101, this.call?.progress.outcome ?? 'not-sent', null, since(this.started))
  }

  #refuse(problem: Problem, more: readonly string[]): void {
    const { call } = this
    // what had not even become a call is certainly not in a topic
    const outcome = call === null ? this.outcome : strongest(problem.outcome, call.progress.outcome)
    const { status } = problem.spec
    const ms = since(this.started)
    if (!this.#gone) {
      const body = problemBody(this.id, problem, outcome, this.#door.calls)
      const head = problemHead(this, problem, outcome, body.length, ms)
      head.push(...more)
      this.#send(status, head, body)
    }
    this.#finish(status, outcome, problem, ms)
  }

  #send(status: number, head: string[], body: Uint8Array, bytesPerSecond?: number): void {
    const { req, res, connection } = this
    const { remaining } = req
    if (this.fields !== null) head.push(...this.fields)
    const closes =
      !connection.multiplexed &&
      (this.last || remaining > discardBytes || (this.#door.closing && connection.newest === this))
    if (closes) res.shouldKeepAlive = false
    res.writeHead(status, head) // it ends the keep-alive of a client that still waits for its 100 Continue
    if (!res.shouldKeepAlive) connection.broken = true
    if (remaining > 0 && !res.shouldKeepAlive) return this.#endWhenRead(body)
    if (bytesPerSecond !== undefined) return trickle(res, body, bytesPerSecond, () => this.#watch(body.length))
    if (body.length <= textBytes) res.end(latin1(body), 'latin1')
    else res.end(body)
    const { socket } = res
    if (socket === null || socket.writableLength > 0) this.#watch(body.length)
  }

  /**
   * The answer is complete, but its end would close the connection, and closing while bytes come in resets it: a client that is
   * still sending would see the reset and never the answer. So it may send a little longer.
   */
  #endWhenRead(body: Uint8Array): void {
    const { req, res } = this
    res.flushHeaders() // of HEAD the body would not bring them along
    res.write(body)
    const end = (): void => {
      alarm.cancel()
      if (res.destroyed) return
      res.end()
      this.#watch(body.length)
    }
    const alarm = after(lingerMs, end)
    req.whenRead(end)
    res.on('close', () => alarm.cancel())
  }

  /** A client that reads slowly or not at all is cut off: as long as for a request body, for each MiB of it. */
  #watch(bytes: number): void {
    const { res } = this
    const limitMs = this.#door.flushMs * Math.max(1, Math.ceil(bytes / mebi))
    const look = (): void => {
      if (res.writableFinished || res.destroyed) return
      if (res.socket === null) alarm = after(limitMs, look) // still behind another answer, which has an alarm of its own
      else res.socket.destroy()
    }
    let alarm = after(limitMs, look)
    res.on('finish', () => alarm.cancel())
    res.on('close', () => alarm.cancel())
  }

  #finish(status: number, outcome: Outcome, problem: Problem | null, ms: number): void {
    const { connection, req } = this
    connection.end(this)
    if (req.taken > 0) req.entrance?.release(req.taken)
    if (!events.finished.hasSubscribers) return
    const { call, id, route, method } = this
    events.finished.publish({ call, id, route, method, status, outcome, problem, ms, clientGone: this.#gone })
  }
}

const gone = (): Problem => new Problem('client-gone', 'The client did not wait for the answer.')

const latin1 = (bytes: Uint8Array): string =>
  (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString('latin1')
