import type { GatherOptions } from '../../../config/schema/index.ts'
import { Aborter } from '../../aborter.ts'
import { ask, unsent } from '../../call.ts'
import type { Call, CommandId, Reply, Service } from '../../call.ts'
import { after, until } from '../../clock.ts'
import type { Alarm } from '../../clock.ts'
import { Problem, strongest } from '../../problem.ts'
import { jsonFrom } from '../feeds/content.ts'
import { comparable, pointed } from '../feeds/pointer.ts'
import { merged } from './merge.ts'
import type { Part } from './merge.ts'

/** Somebody who gets the command: a worker, or a partition of its topic (null: as the key has it). */
export type Member = Readonly<{
  name: string
  worker: string
  topic: string
  partition: number | null
  service: Service<Call, Reply>
}>
export type GatherParts = Readonly<{
  members: () => readonly Member[] // at present: partitions are known when the brokers are
  partitionFor: (topic: string, key: Uint8Array | null) => number
}>

/** Taken off the wait for writing the answer; less when little is left. */
const answeringMs = 200

/**
 * Sends one command to many, and answers with what they reply: when enough have, when one has what is looked for, when no more can
 * come, or when the time is over. What is sent goes on, and keeps its slots, until it is answered or expires. Throws
 * too-few-replies.
 */
export function gather(parts: GatherParts, options: GatherOptions): Service<Call, Reply> {
  return function gather(call) {
    return new Promise((resolve, reject) => new Gathering(call, parts, options, resolve, reject).begin())
  }
}

class Gathering {
  readonly #call: Call
  readonly #parts: GatherParts
  readonly #options: GatherOptions
  readonly #resolve: (reply: Reply) => void
  readonly #reject: (reason: unknown) => void
  #said: Part[] = []
  #progress: Call['progress'][] = []
  #good = 0
  #ended = 0
  #alarm: Alarm | null = null
  #isOver = false

  constructor(
    call: Call,
    parts: GatherParts,
    options: GatherOptions,
    resolve: (reply: Reply) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#call = call
    this.#parts = parts
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const members = this.#parts.members()
    this.#said = members.map(({ name }) => ({ name, said: null }))
    if (members.length === 0) return this.#end() // no partition is known yet
    const leftMs = until(this.#call.deadline)
    this.#alarm = after(leftMs - Math.min(leftMs / 10, answeringMs), () => this.#end())
    for (const [at, member] of members.entries()) this.#ask(member, at)
  }

  #ask(member: Member, at: number): void {
    const { call, partition } = { call: this.#call, partition: member.partition }
    const progress = unsent()
    this.#progress[at] = progress
    const aborter = new Aborter() // of its own: nobody who waits for one part ends the others
    call.signal.addEventListener('abort', () => aborter.abort(call.signal.reason), { once: true })
    try {
      const part: Call = {
        ...call,
        // each is a command of its own, as one group may get several of them
        command: `${call.command}.${member.name}` as CommandId,
        worker: member.worker,
        topic: member.topic,
        partition: partition ?? this.#parts.partitionFor(member.topic, call.key),
        signal: aborter.signal,
        aborter,
        progress,
      }
      ask(member.service, part).then(
        reply => this.#hear(at, reply),
        (error: unknown) => this.#hear(at, Problem.from(error)),
      )
    } catch (error) {
      this.#hear(at, Problem.from(error))
    }
  }

  #hear(at: number, said: Reply | Problem): void {
    const part = this.#said[at]
    if (this.#isOver || part === undefined) return
    this.#said[at] = { ...part, said }
    this.#ended++
    const isGood = !('code' in said) && said.status < 500
    if (isGood) this.#good++
    if (this.#ended === this.#said.length || this.#good >= this.#wanted || (isGood && this.#isLookedFor(said)))
      this.#end()
  }

  get #wanted(): number {
    return Math.min(this.#options.complete ?? Infinity, this.#said.length)
  }

  #isLookedFor(reply: Reply): boolean {
    const wanted = this.#options.until
    if (wanted === undefined) return false
    if (wanted.status !== undefined && !wanted.status.includes(reply.status)) return false
    if (wanted.of === undefined) return true
    const found = comparable(pointed(jsonFrom(reply.body), wanted.of))
    return wanted.equals === undefined ? found !== null : found === String(wanted.equals)
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#alarm?.cancel()
    const { progress } = this.#call
    for (const { outcome, sendings, queueMs, publishMs, workerMs } of this.#progress) {
      progress.outcome = strongest(progress.outcome, outcome)
      progress.sendings += sendings
      progress.queueMs = Math.max(progress.queueMs, queueMs)
      progress.publishMs = Math.max(progress.publishMs, publishMs)
      progress.workerMs = Math.max(progress.workerMs, workerMs)
    }
    const { minimum, as } = this.#options
    const isFound = this.#said.some(({ said }) => said !== null && !('code' in said) && this.#isLookedFor(said))
    if (!isFound && (this.#good < Math.min(minimum, this.#wanted) || this.#good === 0))
      return this.#reject(this.#tooFew())
    const isWhole = isFound || this.#good >= this.#wanted
    this.#resolve(merged(this.#said, as, isWhole ? null : `${this.#good}/${this.#wanted}`))
  }

  #tooFew(): Problem {
    const why = this.#said.map(({ name, said }) => `${name} ${textOf(said)}`).join(', ')
    const detail = `${this.#good} of ${this.#said.length} replies came, ${this.#options.minimum} are wanted: ${why}.`
    const details = { limit: this.#options.minimum, observed: this.#good }
    return new Problem('too-few-replies', detail, { ...details, outcome: this.#call.progress.outcome })
  }
}

const textOf = (said: Part['said']): string =>
  said === null ? 'was silent' : 'code' in said ? said.code : `answered ${said.status}`
