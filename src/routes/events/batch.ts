import { ask } from '../../call.ts'
import type { Call, Reply, Service } from '../../call.ts'
import { Problem, strongest } from '../../problem.ts'
import type { Outcome } from '../../problem.ts'
import type { Inbound } from '../inbound.ts'
import type { Splitter } from './split.ts'

/** What became of an event of a batch. */
export type Result = Readonly<{ reply: Reply } | { problem: Problem; outcome: Outcome }>
/** `outcome` is the strongest of all; `first` the first call that there was, `alone` whether the body was one event by itself. */
export type Results = Readonly<{ results: readonly Result[]; outcome: Outcome; first: Call | null; alone: boolean }>

export type BatchParts = Readonly<{
  req: Pick<Inbound, 'goOn' | 'done' | 'fail'>
  splitter: Splitter
  most: number // events
  enter: (body: Buffer) => Call // throws a Problem
  service: Service<Call, Reply>
  ended: (results: Results) => void
}>

/** So many events of a request are under way at once; then its client is let wait. */
const window = 256

/**
 * Publishes the events of a body while it comes in, each as a call of its own, and those of one key in their order. A body that breaks off loses none
 * of those that were whole; what is said of its rest is the last result.
 */
export class Batch {
  readonly #parts: BatchParts
  readonly #results: Result[] = []
  readonly #behind = new Map<string, Promise<void>>() // by key: until the latest event of it has ended
  #outcome: Outcome = 'not-sent'
  #first: Call | null = null
  #running = 0
  #rest: Problem | null | undefined = undefined // null: the body is whole; undefined: it is still coming in
  #open = false
  #over = false

  constructor(parts: BatchParts) {
    this.#parts = parts
  }

  /** Takes a piece of the body; false: no more for now. */
  take(chunk: Buffer): boolean {
    this.#parts.splitter.push(chunk)
    return this.#pump()
  }

  /** The body has ended, or breaks off for this reason. */
  end(problem: Problem | null): void {
    this.#rest ??= problem
    this.#pump()
  }

  /** Its events may be published from now on. */
  open(): void {
    this.#open = true
    if (this.#pump()) this.#parts.req.goOn()
  }

  /** Begins what there is room for; whether it could take more. */
  #pump(): boolean {
    if (!this.#open) return false
    const { splitter } = this.#parts
    while (this.#running < window && !this.#over) {
      const piece = splitter.next() ?? this.#last()
      if (piece === null) break
      this.#begin(piece)
    }
    const room = this.#running < window
    if (this.#over && this.#open && this.#running === 0) this.#tell()
    return room
  }

  /** What is left once all that was whole is taken. */
  #last(): Buffer | Problem | null {
    if (this.#rest === undefined) return null
    this.#over = true
    return this.#rest ?? this.#parts.splitter.finish()
  }

  #begin(piece: Buffer | Problem): void {
    const { most, req, enter } = this.#parts
    const at = this.#results.length
    if (at === most && !(piece instanceof Problem && this.#over)) {
      this.#over = true
      const problem = new Problem('too-large', `A batch has at most ${most} events: what follows was not read.`)
      this.#results.push({ problem, outcome: problem.outcome })
      return req.fail(problem)
    }
    if (piece instanceof Problem) return void this.#results.push({ problem: piece, outcome: piece.outcome })
    try {
      const call = enter(piece)
      this.#first ??= call
      this.#running++
      this.#results.push(pending)
      const settle = (result: Result): void => {
        this.#outcome = strongest(this.#outcome, call.progress.outcome)
        this.#results[at] = result
        this.#running--
        req.done(piece.length)
        if (this.#pump()) req.goOn()
      }
      this.#inTurn(call).then(
        reply => settle({ reply }),
        (error: unknown) => settle(failed(error, call.progress.outcome)),
      )
    } catch (error) {
      this.#results.push(failed(error, null))
      req.done(piece.length)
    }
  }

  /** Events of one key go one after the other: so they stand in its partition as they were sent, also when one is tried again. */
  #inTurn(call: Call): Promise<Reply> {
    const { service } = this.#parts
    if (call.key === null) return ask(service, call)
    const key = Buffer.from(call.key).toString('latin1')
    const answered = this.#behind.get(key)?.then(() => service(call)) ?? ask(service, call)
    const settled = answered.then(ignored, ignored)
    this.#behind.set(key, settled)
    void settled.then(() => {
      if (this.#behind.get(key) === settled) this.#behind.delete(key)
    })
    return answered
  }

  #tell(): void {
    this.#open = false
    const { ended, splitter } = this.#parts
    ended({ results: this.#results, outcome: this.#outcome, first: this.#first, alone: splitter.alone })
  }
}

/** What had not even become a call is certainly not in a topic. */
function failed(error: unknown, known: Outcome | null): Result {
  const problem = Problem.from(error)
  return { problem, outcome: known === null ? 'not-sent' : strongest(problem.outcome, known) }
}

const ignored = (): void => {}
const pending: Result = { problem: new Problem('internal', 'It has not ended.'), outcome: 'in-doubt' }
