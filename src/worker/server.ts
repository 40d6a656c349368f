import type { Reply } from '../call.ts'
import { after, wallClock } from '../clock.ts'
import { events } from '../events.ts'
import type { Held, Incoming, Membership } from '../bridge/broker.ts'
import { Lanes, Parts, laneOf } from '../bridge/consume/index.ts'
import type { Part, Ticket } from '../bridge/consume/index.ts'
import { GivenUp } from '../bridge/dead.ts'
import { readCommand } from '../bridge/wire/index.ts'
import type { Dialect, Origin } from '../bridge/wire/index.ts'
import { Busy } from './busy.ts'
import { Command } from './command.ts'
import { Duplicates, isKept } from './duplicates.ts'
import { Job } from './job.ts'
import type { Sending } from './job.ts'
import { Progress } from './progress.ts'
import { Sender } from './sender.ts'
import { Skew } from './skew.ts'
import { WorkerTracing } from './tracing.ts'
import type { CommandHandler, ServeOptions, Serving } from './options.ts'
import { cancelled, decide, expired } from './verdict.ts'

/** For a handler to end once it is asked to: one that still runs then has refused. */
const refusalMs = 1_000
const noCommand = 'The record is no command, or names nobody to answer.'
const lastMs = 1_000 // for handlers to notice that their signal has aborted, and to reply

/** A member of the workers' group: from the record to the acknowledged reply. */
export class Server implements Serving {
  readonly counters = { served: 0, expired: 0, cancelled: 0, duplicates: 0, joined: 0, poison: 0, dead: 0, failed: 0 }
  readonly #broker: ServeOptions['broker']
  readonly #membership: Membership
  readonly #dialect: Dialect
  readonly #clockSkewMs: number
  readonly #stopMs: number
  readonly #onError: (error: unknown, command: Command | null) => void
  readonly #handler: CommandHandler
  readonly #giveUp: ServeOptions['giveUp']
  readonly #lanes: Lanes
  readonly #sender: Sender
  readonly #skew: Skew
  readonly #tracing = new WorkerTracing()
  readonly #duplicates: Duplicates
  readonly #parts: Parts
  readonly #known = new Map<string, Job>() // waiting or running, by the identity of the command
  readonly #started = new Set<Job>()
  readonly #stop = new AbortController()
  readonly #gone = Promise.withResolvers<void>()
  #member: AsyncDisposable | null = null
  #closing: Promise<void> | null = null
  readonly #busy = new Busy() // commands and replies under way

  constructor(options: ServeOptions, handler: CommandHandler) {
    const { broker, topic, group, dialect = 'sluice', from = 'earliest', clockSkewMs = 1_000, duplicates } = options
    const { concurrency = 64, ahead = 256, replyMs = 60_000, stopMs = 10_000, onError = complain } = options
    if (!(concurrency >= 1 && ahead >= 1)) throw new RangeError('concurrency and ahead must be 1 or more.')
    this.#broker = broker
    this.#membership = { group, topic, from }
    this.#dialect = dialect
    this.#parts = new Parts(ahead)
    this.#clockSkewMs = clockSkewMs
    this.#stopMs = stopMs
    this.#onError = onError
    this.#handler = handler
    this.#giveUp = options.giveUp
    this.#lanes = new Lanes(concurrency)
    this.#sender = new Sender({ broker, dialect, clockSkewMs, replyMs, stop: this.#stop.signal })
    this.#skew = new Skew(options.mirrored === true ? null : () => broker.admin.ends(topic))
    this.#duplicates = new Duplicates({ count: 10_000, bytes: 64 * 1_048_576, ageMs: 600_000, ...duplicates })
  }

  get running(): number {
    return this.#lanes.running
  }

  async open(): Promise<this> {
    this.#member = await this.#broker.join(this.#membership, (record, held) => this.#take(record, held))
    void this.#skew.look()
    return this
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #take(record: Incoming, held: Held): Promise<void> | undefined {
    if (this.#closing !== null) return this.#gone.promise
    const part = this.#parts.of(held)
    this.#admit(record, part)
    return part.room()
  }

  #admit(record: Incoming, part: Part): void {
    const ticket = part.begin(record.offset)
    const read = this.#read(record)
    if (read === null) return this.#pass(record, part, ticket)
    const origin = this.#skew.correct(read, record)
    const sending: Sending = { origin, part, ticket, record: this.#giveUp === undefined ? null : record }
    if (this.#isExpired(sending)) return this.#expire(sending)
    const id = origin.commandId
    if (origin.cancels) return this.#cancel(sending, id)
    if (id !== null && this.#isKnown(id, sending)) return
    const job = new Job(new Command(origin, record), sending)
    if (id !== null) this.#known.set(id, job)
    this.#lanes.add(laneOf(record.key), () => this.#perform(job))
  }

  /** Null for a record that does not say where to reply: it is counted, reported and skipped. */
  #read(record: Incoming): Origin | null {
    let cause: unknown = `${record.topic}/${record.partition} at ${record.offset} names nobody to answer.`
    try {
      const origin = readCommand(this.#dialect, record)
      if (origin !== null) return origin
    } catch (error) {
      cause = error
    }
    this.counters.poison++
    this.#tell(cause, null)
    return null
  }

  /** A record that is no command is finished at once, or once it is given up. */
  #pass(record: Incoming, part: Part, ticket: Ticket): void {
    if (this.#giveUp === undefined) part.finish(ticket)
    else void this.#bury({ part, ticket, record }, { reason: 'poison', detail: noCommand, attempts: 0 })
  }

  async #bury({ part, ticket, record }: Omit<Sending, 'origin'>, death: GivenUp['death']): Promise<void> {
    this.#busy.begin()
    const buried = record === null || this.#giveUp === undefined || (await this.#giveUp(record, death))
    if (buried) part.finish(ticket)
    this.#busy.end()
  }

  /** Answers a command again that was done, and joins one that is running: neither is done twice. */
  #isKnown(id: string, sending: Sending): boolean {
    const job = this.#known.get(id)
    if (job !== undefined) {
      this.counters.joined++
      job.join(sending)
      return true
    }
    const reply = this.#duplicates.get(id)
    if (reply === null) return false
    this.counters.duplicates++
    void this.#answer(sending, reply)
    return true
  }

  #isExpired({ origin: { expires } }: Sending): boolean {
    return expires !== null && wallClock() > expires + this.#clockSkewMs
  }

  #expire(sending: Sending): void {
    this.counters.expired++
    this.#skew.suspect()
    void this.#answer(sending, expired(sending.origin))
  }

  /** Runs a command and answers all its sendings. Its slot is free again when the handler has ended. */
  async #perform(job: Job): Promise<void> {
    job.drop(({ part }) => part.lost) // another member has them by now
    for (const sending of job.drop(one => this.#isExpired(one))) this.#expire(sending)
    this.#busy.begin()
    const reply = job.sendings.length === 0 ? null : await this.#decide(job)
    if (job.command.id !== null) this.#known.delete(job.command.id)
    if (reply instanceof GivenUp) for (const sending of job.sendings) void this.#bury(sending, reply.death)
    else if (reply === cancelled) for (const sending of job.sendings) void this.#answerCancelled(sending)
    else if (reply !== null) for (const sending of job.sendings) void this.#answer(sending, reply)
    this.#busy.end()
  }

  /** Drops a command that waits, and asks one that runs to stop. Whoever asked is told what became of that. */
  #cancel(sending: Sending, id: string | null): void {
    const { origin, part, ticket } = sending
    part.finish(ticket)
    const refuse = (): void => void this.#sender.notify(origin, { kind: 'not-cancelled' })
    const job = id === null ? undefined : this.#known.get(id)
    if (job === undefined) return refuse()
    job.cancel()
    if (this.#started.has(job)) after(refusalMs, () => this.#started.has(job) && refuse())
    else {
      this.counters.cancelled++
      for (const one of job.dropAll()) void this.#answerCancelled(one)
    }
  }

  /** The notice ends the operation, the reply whoever waits for one. */
  async #answerCancelled(sending: Sending): Promise<void> {
    await this.#sender.notify(sending.origin, { kind: 'cancelled' })
    await this.#answer(sending, cancelled)
  }

  /** Null when nothing was decided, because the worker stops: the command comes again. */
  async #decide(job: Job): Promise<Reply | GivenUp | null> {
    this.#started.add(job)
    job.begin(this.#clockSkewMs)
    const progress = new Progress((percent, note) => {
      for (const { origin } of job.sendings) void this.#sender.notify(origin, { kind: 'progress', percent }, note)
    })
    const verdict = await this.#tracing.within(job.command, () => decide(job, this.#handler, progress.report))
    progress.end()
    job.finish()
    this.#started.delete(job)
    if (verdict.kind === 'stopped') return null
    this.counters[verdict.kind]++
    if (verdict.kind === 'dead') return new GivenUp(verdict.death)
    if (verdict.kind === 'poison') this.#tell(verdict.cause, job.command)
    else if (verdict.kind === 'served' && job.command.id !== null && isKept(verdict.reply))
      this.#duplicates.set(job.command.id, verdict.reply)
    return verdict.reply
  }

  /** The record is finished once its reply is acknowledged, or nobody waits for it any more. */
  async #answer({ origin, part, ticket }: Sending, reply: Reply): Promise<void> {
    this.#busy.begin()
    const { trace } = origin.told
    const sent = await this.#tracing.sending(trace, origin.replyTopic, reply, said =>
      this.#sender.send(origin, reply, said),
    )
    if (sent === 'given-up') this.counters.failed++
    if (sent !== 'stopped') part.finish(ticket)
    this.#busy.end()
  }

  #tell(cause: unknown, command: Command | null): void {
    try {
      this.#onError(cause, command)
    } catch (error) {
      complain(error, command)
    }
  }

  async #close(): Promise<void> {
    this.#lanes.clear()
    await this.#busy.quiet(this.#stopMs)
    for (const job of this.#started) job.stop()
    await this.#busy.quiet(lastMs)
    this.#stop.abort()
    this.#skew[Symbol.dispose]()
    // leaving the group may wait for these promises
    this.#gone.resolve()
    this.#parts.wake()
    await this.#member?.[Symbol.asyncDispose]()
  }
}

function complain(cause: unknown, command: Command | null): void {
  const what = command === null ? 'A record is no command.' : `The handler of ${command.route} failed.`
  events.warning.publish({ what, cause })
}
