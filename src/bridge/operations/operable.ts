import { ask } from '../../call.ts'
import type { Call, Reply, Service } from '../../call.ts'
import { now, onTheWire, since, until, wallClock } from '../../clock.ts'
import { Problem, strongest } from '../../problem.ts'
import type { Outcome } from '../../problem.ts'
import type { Acknowledged, Incoming, Outgoing } from '../broker.ts'
import { Waiter } from '../correlate.ts'
import { commandRecord } from '../request.ts'
import { envelope, replyReader, valueOf } from '../wire/index.ts'
import type { Envelope, ReplyOptions } from '../wire/index.ts'
import { newId, secretOf } from './event.ts'
import type { Accepted, Beginning, Started } from './event.ts'
import type { Forward } from './late.ts'
import type { Operations } from './operations.ts'
import { correlationFor, endingOf, tellLate } from './returns.ts'
import type { Returns } from './returns.ts'
import { accepted as found } from './state.ts'

/** What the operations of a route have in common. */
export type Terms = Readonly<{
  path: string // of the operations, for `Location`
  retryAfterMs: number
  keepMs: number // how long an operation is kept after its end
  callMs?: number // and so much longer when it names a callback
  process?: Pick<Started, 'name' | 'plan' | 'template'> | undefined // that the route runs
}>
/** `late` gets replies that come when their clients are gone. `mayAccept`: whether its calls may become operations at any time, as when the instance stops. */
export type OperableOptions = Envelope & ReplyOptions & Terms & Readonly<{ mayAccept: boolean; late: Forward | null }>
export type OperableParts = Readonly<{
  publish: Service<Outgoing, Acknowledged>
  /** The same, for whom nobody waits: what the brokers cannot take at present is kept on disk. Null where that is not wanted. */
  spooling?: Service<Outgoing, Acknowledged> | null
  operations: Operations
  returns: Returns
}>
type Shared = OperableParts &
  Readonly<{
    options: OperableOptions
    headers: ReturnType<typeof envelope>
    value: ReturnType<typeof valueOf>
    read: ReturnType<typeof replyReader>
  }>

/**
 * As requestReply, for a route whose calls may become operations: when a call's `accepts` comes before the reply, its answer is
 * 202 and the reply goes to the operation. Both the command and the operation are acknowledged by then. Throws as requestReply.
 */
export function operable(parts: OperableParts, options: OperableOptions): Service<Call, Reply> {
  const [headers, value, read] = [envelope(options), valueOf(options), replyReader(options)]
  const shared: Shared = { ...parts, options, headers, value, read }
  return function request(call) {
    return new Promise((resolve, reject) => new Asking(shared, call, resolve, reject).begin())
  }
}

/** What an operation is known by from the start: of one that claimed a key it is in the log already. */
export const acceptedOf = (
  call: Call,
  by: string,
  { keepMs, callMs = 0, process }: Terms,
  secret: string,
): Accepted => ({
  kind: 'accepted',
  client: call.client,
  route: call.route,
  worker: call.worker,
  command: call.command,
  secret,
  by,
  at: wallClock(),
  expires: onTheWire(call.expires),
  keepMs: call.callback === undefined ? keepMs : keepMs + callMs,
  target: {
    topic: call.topic,
    partition: call.partition,
    key: call.key === null ? null : Buffer.from(call.key).toString('base64'),
  },
  holds: null,
  ...(call.callback !== undefined && { callback: call.callback }),
  ...(process !== undefined && {
    process: { ...process, told: call.told, body: Buffer.from(call.body).toString('base64') },
  }),
})

/** Whether a call may wait on disk for the brokers: nobody waits for its reply, and it holds no key, which the log would decide. */
export const mayKeep = ({ accepts, claimed }: Call): boolean =>
  accepts !== null && until(accepts) === 0 && claimed === undefined

/** One call on its way, until its reply or until it is an operation. */
class Asking extends Waiter {
  readonly operation: string
  readonly #secret: string
  readonly #shared: Shared
  readonly call: Call
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (reason: unknown) => void
  #logged: Promise<boolean> | null = null // whether it is an operation, once that has been asked for
  #ended = false

  constructor(shared: Shared, call: Call, resolve: (reply: Reply) => void, reject: (reason: unknown) => void) {
    super()
    const { claimed } = call
    this.operation = claimed?.id ?? newId()
    this.#secret = claimed?.secret ?? secretOf()
    if (claimed !== undefined) this.#logged = Promise.resolve(true)
    this.id = correlationFor(this.operation, this.#secret)
    this.#shared = shared
    this.call = call
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const { publish, spooling = null, operations, returns, headers, value, options } = this.#shared
    const { progress, accepts, claimed } = this.call
    const begun = now()
    const keeping = mayKeep(this.call) ? spooling : null
    if (claimed !== undefined) progress.location = `${options.path}/${this.operation}`
    if (accepts !== null && until(accepts) === 0) {
      const refusal = claimed === undefined ? operations.refusal() : null
      if (refusal !== null) return this.#reject(refusal)
      if (keeping === null) void this.#log() // in the time that publishing takes
    }
    returns.expect(this)
    progress.sendings++
    const record = commandRecord(this.call, value(this.call), headers(this.call, this.id))
    const beginning = keeping === null ? null : this.#beginning()
    const sending =
      beginning === null ? ask(publish, record) : ask(keeping ?? publish, { ...record, operation: beginning })
    sending.then(
      ({ spooled }) => {
        if (spooled !== undefined && beginning !== null) return this.#keep(beginning, spooled)
        progress.outcome = 'sent'
        this.sentAt = now()
        progress.publishMs = this.sentAt - begun
        if (this.#ended) return
        if (accepts !== null && until(accepts) === 0) void this.#accept()
        else this.set(until(accepts ?? this.call.expires))
      },
      (error: unknown) => {
        const problem = Problem.from(error)
        progress.outcome = strongest(progress.outcome, problem.outcome)
        progress.publishMs = since(begun)
        if (problem.outcome === 'not-sent') this.#unlog()
        this.abandon(problem)
      },
    )
  }

  override take(record: Incoming): void {
    const { progress, worker, deadline } = this.call
    this.#end()
    progress.outcome = 'sent' // it was answered, whatever became of the acknowledgement
    progress.workerMs = this.sentAt === null ? 0 : since(this.sentAt)
    progress.reply = record
    const { operations, read, options } = this.#shared
    if (options.late !== null) this.#forward(options.late, record)
    if (this.#logged !== null) {
      const ending = endingOf(() => read(record, worker), onTheWire(deadline))
      tellLate(ending, worker)
      void this.#logged.then(async isLogged => {
        if (isLogged) await operations.happen(this.operation, ending)
      })
    }
    try {
      this.#resolve(read(record, worker))
    } catch (error) {
      this.#reject(error)
    }
  }

  /** Whoever waited has left, or has had its 504. */
  #forward(late: Forward, record: Incoming): void {
    const { command, key, deadline, signal } = this.call
    if (until(deadline) === 0 || signal.aborted) late(record, { command, key, lateMs: Math.max(0, since(deadline)) })
  }

  /** The wait of the client is over, or all time is. */
  override ring(): void {
    const { accepts, expires } = this.call
    if (accepts !== null && until(expires) > 0) void this.#accept()
    else this.abandon(new Problem('reply-timeout', `${this.worker} did not answer.`))
  }

  /** Becomes an operation now, where it may and its command is sent. */
  hurry(): void {
    if (this.#shared.options.mayAccept && this.call.progress.outcome === 'sent') void this.#accept()
  }

  override abandon(problem: Problem): void {
    this.#end()
    this.#reject(problem)
  }

  async #accept(): Promise<void> {
    const { operations, options } = this.#shared
    const isLogged = await this.#log()
    if (this.#ended) return // its reply was quicker
    const operation = operations.view.get(this.operation)
    if (!isLogged || operation === null) return this.set(until(this.call.expires))
    this.#end()
    this.call.progress.accepted = true
    this.#resolve(found(operation, options.path, options.retryAfterMs))
  }

  /** It waits on our disk, and is accepted for good: it may be in its topic at any time. */
  #keep(beginning: Beginning, outcome: Outcome): void {
    const { operations, options } = this.#shared
    this.#end()
    operations.keep(beginning, outcome === 'not-sent')
    const operation = operations.view.get(this.operation)
    if (operation === null) return
    this.call.progress.outcome = 'in-doubt'
    this.call.progress.accepted = true
    this.#resolve(found(operation, options.path, options.retryAfterMs))
  }

  #beginning(): Beginning {
    const { operations, options } = this.#shared
    const accepted = acceptedOf(this.call, operations.incarnation, options, this.#secret)
    return { topic: operations.topic, id: this.operation, accepted }
  }

  #log(): Promise<boolean> {
    const { operations } = this.#shared
    this.#logged ??= operations.accept(this.operation, this.#beginning().accepted).then(
      () => true,
      () => false,
    )
    return this.#logged
  }

  /** What was certainly not sent is no operation. */
  #unlog(): void {
    if (this.call.claimed !== undefined || this.#logged === null) return // whoever claimed it frees it
    const { operations } = this.#shared
    void this.#logged.then(() => operations.forget(this.operation))
  }

  #end(): void {
    this.#ended = true
    this.cancel()
    this.#shared.returns.forget(this)
  }
}
