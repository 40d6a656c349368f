import { pause } from '../../clock.ts'
import type { EpochMs } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import type { Broker, Held, Incoming, MemberHandler, Membership } from '../broker.ts'
import { readDead } from '../dead.ts'
import { readCommand, rowOf } from '../wire/index.ts'
import type { Dialect } from '../wire/index.ts'

export type RecoveryOptions = Readonly<{
  dialect: Dialect
  dead: string // topic of what was given up
  span: bigint // most records that may have been finished behind one that was not
}>
/** What a member of a group needs of a broker. */
export type Served = Pick<Broker, 'join' | 'publish' | 'admin'>

/** Clocks of those who write commands and replies may differ by so much. */
const marginMs = 60_000
const pageBytes = 1_048_576
const mostBytes = 256 * 1_048_576
const againMs = 500

/**
 * A broker whose members pass over the commands that are finished although nobody has committed so: after a crash these are
 * the ones behind the last commit. When a partition is taken over, what was written since its first record into the topics of
 * replies and of dead letters is read once, before the record is handed on. Without it each of them would be called, and
 * answered, a second time.
 */
export function recovering(broker: Broker, options: RecoveryOptions): Served {
  const windows = new WeakMap<Held, Window>()
  const join = (membership: Membership, handler: MemberHandler): Promise<AsyncDisposable> =>
    broker.join(membership, (record, held) => {
      const window = windows.get(held) ?? new Window(broker.past, options, record, held)
      windows.set(held, window)
      return window.over ? handler(record, held) : window.pass(record, handler)
    })
  return { join, publish: record => broker.publish(record), admin: broker.admin }
}

/** The records at the beginning of a partition that was taken over, which may be finished already. */
class Window {
  over = false
  readonly #past: Broker['past']
  readonly #options: RecoveryOptions
  readonly #held: Held
  readonly #since: EpochMs
  readonly #first: bigint
  readonly #finished = new Map<string, Promise<ReadonlySet<string>>>() // by topic: what it holds of finished commands
  #until: bigint | null = null
  #untouched = true // nothing was handed on yet: what is passed over may be committed

  constructor(past: Broker['past'], options: RecoveryOptions, { timestamp, offset }: Incoming, held: Held) {
    this.#past = past
    this.#options = options
    this.#held = held
    this.#since = Math.max(0, timestamp - marginMs) as EpochMs
    this.#first = offset
  }

  async pass(record: Incoming, handler: MemberHandler): Promise<void> {
    this.#until ??= await this.#end(record)
    if (record.offset >= this.#until) {
      this.over = true
      this.#finished.clear()
    } else if (await this.#isFinished(record)) {
      if (this.#untouched) this.#held.done(record.offset + 1n)
      return
    }
    if (this.#held.signal.aborted) return
    this.#untouched = false
    await handler(record, this.#held)
  }

  async #end({ topic, partition }: Incoming): Promise<bigint> {
    const ends = await this.#ask(() => this.#past.offsets(topic, 'end'))
    const [end, last] = [ends?.[partition] ?? 0n, this.#first + this.#options.span]
    return end < last ? end : last
  }

  async #isFinished(record: Incoming): Promise<boolean> {
    const { dialect, dead } = this.#options
    const letters = await this.#of(dead, letter => {
      const { topic, partition, offset } = readDead(letter)?.origin ?? {}
      return topic === undefined ? null : `${topic}/${partition}/${offset}`
    })
    if (letters.has(`${record.topic}/${record.partition}/${record.offset}`)) return true
    const origin = commandOf(dialect, record)
    if (origin === null) return false
    const { correlation: name } = rowOf(dialect)
    const answered = await this.#of(origin.replyTopic, ({ headers }) => {
      const id = headers.findLast(([other]) => other === name)?.[1]
      return id === undefined ? null : latin1(id)
    })
    return answered.has(latin1(origin.correlation))
  }

  #of(topic: string, nameOf: (record: Incoming) => string | null): Promise<ReadonlySet<string>> {
    let known = this.#finished.get(topic)
    if (known === undefined) this.#finished.set(topic, (known = this.#read(topic, nameOf)))
    return known
  }

  /** Reads a topic from then to now. */
  async #read(topic: string, nameOf: (record: Incoming) => string | null): Promise<ReadonlySet<string>> {
    const names = new Set<string>()
    const starts = (await this.#ask(() => this.#past.offsets(topic, this.#since))) ?? []
    const ends = (await this.#ask(() => this.#past.offsets(topic, 'end'))) ?? []
    let left = mostBytes
    for (const [partition, start] of starts.entries())
      for (let from = start; from < (ends[partition] ?? 0n);) {
        const page = await this.#ask(() => this.#past.page({ topic, partition, from, maxBytes: pageBytes }))
        if (page === null || page.next === from) break
        for (const record of page.records) {
          const name = nameOf(record)
          if (name !== null) names.add(name)
        }
        from = page.next
        left -= pageBytes
        if (left <= 0) {
          const what = `${topic} holds too much to know which commands were answered before: some may be called again.`
          events.warning.publish({ what, cause: undefined })
          return names
        }
      }
    return names
  }

  /** Asks until somebody answers; null when there is no such topic, or nobody waits any more. */
  async #ask<T>(question: () => Promise<T>): Promise<T | null> {
    const { signal } = this.#held
    while (!signal.aborted)
      try {
        return await question()
      } catch (error) {
        if (Problem.from(error).code === 'topic-missing') return null
        await pause(againMs, signal)
      }
    return null
  }
}

function commandOf(dialect: Dialect, record: Incoming): ReturnType<typeof readCommand> {
  try {
    return readCommand(dialect, record)
  } catch {
    return null // it will be given up
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
