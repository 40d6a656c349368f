import { isUtf8 } from 'node:buffer'
import type { WorkerOptions } from '../../../config/schema/index.ts'
import { Aborter } from '../../aborter.ts'
import type { Reply, Service } from '../../call.ts'
import { after, wallClock } from '../../clock.ts'
import type { Alarm } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Acknowledged, Incoming, Outgoing } from '../broker.ts'
import type { StepEvent } from '../operations/event.ts'
import type { Operation } from '../operations/entry.ts'
import type { Operations } from '../operations/operations.ts'
import { accountOf, endOf } from './account.ts'
import { commandOf } from './command.ts'
import type { CommandParts } from './command.ts'
import { dueOf, sendingOf } from './run.ts'
import type { Run } from './run.ts'

export type ProcessesParts = Readonly<{
  operations: Operations
  publish: Service<Outgoing, Acknowledged>
  partitionFor: CommandParts['partitionFor']
  place: () => CommandParts['place'] // where workers answer to
  workers: Readonly<Record<string, WorkerOptions>>
  instance: string
  /** Reads the reply of a worker; throws bad-reply. */
  read: (worker: string, record: Incoming) => Reply
}>

/** A process that cannot go on by itself. */
export type Parked = Readonly<{ id: string; process: string; cause: string; steps: unknown }>

const againMs = 1_000
/** Of the reply to a step: it is written to the log, and sent on with later steps. */
const mostReplyBytes = 262_144

/**
 * Carries processes on. Nobody owns one: its events say what is to be done next, whoever wrote the latest does that at once,
 * and every other instance a little later if nothing has happened by then. Two that do the same send the same command, with one
 * `ce_id`, and of their events the first in the log counts: docs/decisions/0037.
 */
export class Processes implements Disposable {
  /** Aborts when those who wait for the end of a process are to be told that it goes on. */
  readonly hurried = new Aborter()
  readonly #parts: ProcessesParts
  readonly #alarms = new Map<string, Alarm>()
  readonly #parked = new Set<string>()
  #closed = false

  constructor(parts: ProcessesParts) {
    this.#parts = parts
    parts.operations.watchAll(id => this.#changed(id))
  }

  /** Whoever waits for the end of a process is told that it goes on. */
  hurry(): void {
    this.hurried.abort(null)
  }

  /** Goes on with all that the log knows of: once it has been read. */
  begin(): void {
    for (const { id } of this.#parts.operations.view.running()) this.#changed(id)
  }

  get parked(): readonly Parked[] {
    return [...this.#parked].flatMap(id => {
      const run = this.#parts.operations.view.entry(id)?.run ?? null
      if (run?.phase !== 'parked') return []
      const { process, steps } = accountOf(run)
      return [{ id, process, cause: run.cause, steps }]
    })
  }

  /** Tries again to undo what could not be undone. Throws unknown-operation where no such process is parked. */
  async resume(id: string): Promise<void> {
    const run = this.#parts.operations.view.entry(id)?.run ?? null
    if (run?.phase !== 'parked') throw new Problem('unknown-operation', `No process ${id} is parked.`)
    await this.#append(id, run, 'resumed')
  }

  /** The reply to the step under way. */
  async answer(id: string, record: Incoming): Promise<void> {
    const run = this.#parts.operations.view.entry(id)?.run ?? null
    if (run === null) return
    const worker = workerOf(run)
    const { status, body } = this.#read(worker, record)
    const text = Buffer.from(body)
    await this.#append(id, run, 'answered', { status, reply: isUtf8(text) && text.length > 0 ? text.toString() : null })
  }

  #read(worker: string, record: Incoming): Pick<Reply, 'status' | 'body'> {
    try {
      const reply = this.#parts.read(worker, record)
      if (reply.body.length <= mostReplyBytes) return reply
      throw new Problem(
        'bad-reply',
        `${worker} answered with ${reply.body.length} bytes, over the limit of ${mostReplyBytes}.`,
      )
    } catch (error) {
      const { message } = Problem.from(error)
      return { status: 502, body: Buffer.from(message) }
    }
  }

  #changed(id: string): void {
    this.#alarms.get(id)?.cancel()
    this.#alarms.delete(id)
    const { operations } = this.#parts
    const entry = operations.view.entry(id)
    const run = entry?.run ?? null
    if (entry === null || run === null || entry.ended || this.#closed || !operations.rebuild.done) {
      this.#parked.delete(id)
      return
    }
    const due = dueOf(run)
    if (due === null) return this.#park(id, run)
    this.#parked.delete(id)
    this.#wake(id, run, Math.max(0, due - wallClock()) + operations.delayFor(run.by))
  }

  #park(id: string, run: Run): void {
    if (this.#parked.has(id)) return
    this.#parked.add(id)
    if (run.by !== this.#parts.operations.incarnation) return
    tell(run, 'parked')
    events.warning.publish({ what: `The process ${run.started.name} ${id} is parked: ${run.cause}.`, cause: undefined })
  }

  #wake(id: string, run: Run, delayMs: number): void {
    this.#alarms.set(
      id,
      after(delayMs, () => void this.#act(id, run)),
    )
  }

  async #act(id: string, seen: Run): Promise<void> {
    const { operations } = this.#parts
    const operation = operations.view.get(id)
    const run = operation?.run ?? null
    if (operation === null || run === null || operation.ending !== null || run.n !== seen.n || this.#closed) return
    if (run.phase === 'done' || run.phase === 'undone') {
      tell(run, run.phase)
      return await operations.happen(id, endOf(run, wallClock()))
    }
    if (run.sentAt !== null) return await this.#append(id, run, 'silent')
    try {
      await this.#send(operation, run)
    } catch (error) {
      const problem = Problem.from(error)
      const { status } = problem.spec
      if (status < 500) return await this.#append(id, run, 'answered', { status, reply: problem.message })
      if (!this.#closed) this.#wake(id, run, againMs)
      return
    }
    await this.#append(id, run, 'sent')
  }

  async #send(operation: Operation, run: Run): Promise<void> {
    const { workers, publish, place, ...parts } = this.#parts
    const worker = workers[workerOf(run)]
    if (worker === undefined) throw new Problem('not-ready', `${workerOf(run)} is no worker of this instance.`)
    await publish(commandOf(operation, run, worker, { ...parts, place: place() }))
  }

  async #append(
    id: string,
    run: Run,
    what: StepEvent['what'],
    said: Pick<StepEvent, 'status' | 'reply'> = {},
  ): Promise<void> {
    const by = this.#parts.operations.incarnation
    await this.#parts.operations.happen(id, { kind: 'step', n: run.n + 1, by, at: wallClock(), what, ...said })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    for (const alarm of this.#alarms.values()) alarm.cancel()
  }
}

const workerOf = (run: Run): string => sendingOf(run)?.to ?? run.started.plan.steps[run.at]?.to ?? ''

function tell(run: Run, to: 'done' | 'undone' | 'parked'): void {
  if (events.process.hasSubscribers) events.process.publish({ process: run.started.name, to })
}
