import { Aborter } from '../../aborter.ts'
import type { Signal } from '../../aborter.ts'
import { after, now, since, until } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Outlet } from './outlet.ts'
import type { Answer, Message, OutletOptions } from './outlet.ts'
import { Pacing } from './pacing.ts'
import type { Pace, PacingOptions } from './pacing.ts'
import { verdictOf } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Calls `attempt` until it wants no more (null) or the signal aborts; between two it waits as long as it is told, and longer each time. */
export type Persist = (attempt: () => Promise<number | null>, signal: Signal) => Promise<void>

/** `name` is what it is called in metrics; `persist` waits between two attempts of one message. */
export type ReceiverOptions = OutletOptions & Omit<PacingOptions, 'most'> & Readonly<{ name: string; persist: Persist }>

/**
 * What became of a message. `exhausted`: its time was over. `stopped`: nothing was decided, as the gateway stops or the partition
 * was taken away. `detail` says what was last heard of the receiver.
 */
export type Delivery = Readonly<{
  kind: 'delivered' | 'ended' | 'refused' | 'exhausted' | 'stopped'
  attempts: number
  detail: string
}>

/** An HTTP server that is sent messages, each until it has it: at its own pace, and whatever becomes of other receivers. */
export class Receiver implements AsyncDisposable {
  readonly #name: string
  readonly #persist: Persist
  readonly #outlet: Outlet
  readonly #pacing: Pacing
  #detail = ''
  #open = 0

  constructor(options: ReceiverOptions) {
    this.#name = options.name
    this.#persist = options.persist
    this.#outlet = new Outlet(options)
    this.#pacing = new Pacing({ ...options, most: options.connections })
  }

  /** How it is asked, and what was last heard of it when that was no success. */
  get state(): Pace & Readonly<{ detail: string }> {
    return { ...this.#pacing.pace, detail: this.#detail }
  }

  /** Whether any message is on its way, or waits to be. */
  get busy(): boolean {
    return this.#open > 0
  }

  /**
   * Sends what `write` makes, anew for each attempt, until `ends`; null: there is nothing to send any more. An attempt that is
   * under way at the end, or when the signal aborts, still comes to its own.
   */
  async deliver(write: () => Message | null, ends: Instant, signal: Signal): Promise<Delivery> {
    const over = new Aborter()
    const leave = (): void => over.abort(null)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    using _end = after(until(ends), leave)
    let attempts = 0
    let detail = 'It was not tried.'
    let kind: Delivery['kind'] = 'exhausted'
    this.#open++
    await this.#persist(async () => {
      if (!(await this.#pacing.enter(over))) return null
      const message = write()
      if (message === null) {
        this.#pacing.leave()
        kind = 'delivered'
        return null
      }
      attempts++
      const said = await this.#try(message)
      detail = said.detail
      if (said.againMs !== null) return said.againMs
      kind = said.kind
      return null
    }, over)
    this.#open--
    signal.removeEventListener('abort', leave)
    if (kind === 'exhausted' && signal.aborted) kind = 'stopped'
    return { kind, attempts, detail }
  }

  /** One attempt. Never rejects. */
  async #try(message: Message): Promise<Tried> {
    const begun = now()
    const answer = await this.#outlet.post(message).catch((error: unknown) => causeOf(error))
    const result = typeof answer === 'string' ? 'retried' : verdictOf(answer)
    const detail = typeof answer === 'string' ? answer : `It answered ${answer.status}.`
    if (events.delivery.hasSubscribers)
      events.delivery.publish({ receiver: this.#name, result, ms: since(begun), detail })
    const waitMs = this.#learn(result, answer)
    this.#detail = result === 'delivered' ? '' : detail
    this.#pacing.leave()
    if (result === 'retried' || result === 'slowed') return { kind: 'exhausted', againMs: waitMs, detail }
    return { kind: result, againMs: null, detail }
  }

  /** How long this message waits at least. */
  #learn(result: Verdict, answer: Answer | string): number {
    const asked = typeof answer === 'string' ? null : answer.retryAfterMs
    if (result === 'retried') this.#pacing.failed()
    else if (result === 'slowed') this.#pacing.slowed(asked)
    else this.#pacing.succeeded() // it has answered, whatever it said of this message
    return asked ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pacing[Symbol.dispose]()
    await this.#outlet[Symbol.asyncDispose]()
  }
}

type Tried = Readonly<{ kind: Delivery['kind']; againMs: number | null; detail: string }>

/** For operators: neither the address nor the body is told. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'The connection failed.'
  const { code, message } = error as Error & { code?: string }
  if (code === 'FORBIDDEN_ADDRESS' || code === undefined) return message
  return `The connection failed: ${code}.`
}
