import { Aborter } from '../../aborter.ts'
import { later, now, since, wallClock } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Happenings } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Outcome } from '../../problem.ts'
import type { Command } from '../../worker/command.ts'
import type { Answer, CommandHandler } from '../../worker/index.ts'
import { GivenUp } from '../dead.ts'

type Called = Happenings['called']
type Context = Parameters<CommandHandler>[1]

/** One command on its way to an upstream and back. It ends with its signal: when the command expires, or nobody wants it any more. */
export class OutboundCall implements Disposable {
  readonly command: Command
  readonly id: string
  readonly route: string
  readonly worker: string
  readonly client: string
  readonly partition: number
  readonly started: Instant = now()
  readonly expires: Instant | null
  readonly signal = new Aborter()
  /** How far it is: requests so far, and what is known of them. */
  readonly progress: { outcome: Outcome; sendings: number } = { outcome: 'not-sent', sendings: 0 }
  readonly #given: AbortSignal
  readonly #leave: () => void

  constructor(section: string, upstream: string, command: Command, { signal, expires }: Context) {
    const { topic, partition, offset } = command.place
    this.command = command
    this.id = command.id ?? `${topic}-${partition}-${offset}`
    this.route = `calls.${section}`
    this.worker = upstream
    this.client = `${topic}[${partition}]`
    this.partition = partition
    this.expires = expires === null ? null : later(expires - wallClock())
    this.#given = signal
    this.#leave = () => this.signal.abort(signal.reason)
    if (signal.aborted) this.#leave()
    else signal.addEventListener('abort', this.#leave)
  }

  /** Gives it up. The command is kept with the dead letters: it can be sent again from there. */
  cancel(): void {
    const { outcome, sendings } = this.progress
    const reason = outcome === 'not-sent' ? 'refused' : 'in-doubt'
    this.signal.abort(new GivenUp({ reason, detail: 'An operator has ended the call.', attempts: sendings }))
  }

  /** What is known of it; without a status it runs, or had no answer. */
  told(status: number | null = null, error: unknown = null): Called {
    const { id, route, worker, command, started } = this
    const { method, path, place } = command
    const code = error instanceof GivenUp ? error.death.reason : null
    const why = error === null ? null : error instanceof GivenUp ? error.message : Problem.from(error).message
    const asked = `${method} ${path}`.trim()
    return { ...this.progress, id, route, upstream: worker, asked, place, status, code, why, ms: since(started) }
  }

  [Symbol.dispose](): void {
    this.#given.removeEventListener('abort', this.#leave)
  }
}

/** The commands of a section that are on their way to its upstream, for whoever looks at them or ends one. */
export class InFlight {
  readonly #section: string
  readonly #upstream: string
  readonly #calls = new Set<OutboundCall>()

  constructor(section: string, upstream: string) {
    this.#section = section
    this.#upstream = upstream
  }

  get calls(): Iterable<OutboundCall> {
    return this.#calls
  }

  /** Makes a handler of commands of what serves a call. */
  handler(serve: (call: OutboundCall) => Promise<Answer>): CommandHandler {
    return async (command, context) => {
      using call = new OutboundCall(this.#section, this.#upstream, command, context)
      this.#calls.add(call)
      try {
        const answer = await serve(call)
        if (events.called.hasSubscribers) events.called.publish(call.told(answer.status ?? null))
        return answer
      } catch (error) {
        if (events.called.hasSubscribers) events.called.publish(call.told(null, error))
        throw error
      } finally {
        this.#calls.delete(call)
      }
    }
  }
}
