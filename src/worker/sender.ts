import type { Pair, Reply } from '../call.ts'
import { after, pause, wallClock } from '../clock.ts'
import { Problem } from '../problem.ts'
import type { Broker, Header, Headers } from '../bridge/broker.ts'
import { noticeHeaders, operationMark, replyHeaders } from '../bridge/wire/index.ts'
import type { Dialect, Notice, Origin } from '../bridge/wire/index.ts'
import { problem, toReply } from './answer.ts'

export type SenderOptions = Readonly<{
  broker: Pick<Broker, 'publish' | 'admin'>
  dialect: Dialect
  clockSkewMs: number
  replyMs: number // how long a reply is tried when its command does not say when it expires
  stop: AbortSignal // ends every try
}>

/** `acknowledged`: the broker has the reply. `given-up`: nobody waits for it any more, or the broker refuses it. `stopped`: the command will come again. */
export type Sent = 'acknowledged' | 'given-up' | 'stopped'

const baseMs = 50
const capMs = 1_000
const lateMs = 1_000 // a command that has expired gets one try, for so long
const mostTopics = 1_000
const tooLarge = toReply(problem(500, 'The reply is too large for its topic.'))

/** Publishes replies, and tries again with full jitter until they are acknowledged or their command expires. */
export class Sender {
  readonly #options: SenderOptions
  readonly #partitions = new Map<string, number>()

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** `trace` is what the reply carries of its trace. */
  async send(origin: Origin, reply: Reply, trace = origin.told.trace): Promise<Sent> {
    const { clockSkewMs, replyMs, stop } = this.#options
    const left = origin.expires === null ? replyMs : origin.expires + clockSkewMs - wallClock()
    const limit = new AbortController()
    const end = (): void => limit.abort(new Problem('deadline-exceeded', 'Nobody waits for the reply any more.'))
    const alarm = after(left > 0 ? left : lateMs, end)
    stop.addEventListener('abort', end, { once: true })
    if (stop.aborted) end()
    try {
      for (let attempt = 0; ; attempt++) {
        const error = await this.#attempt(origin, reply, trace, limit.signal)
        if (error === null) return 'acknowledged'
        if (error.code === 'too-large' && reply !== tooLarge) reply = tooLarge
        else if (left <= 0 || error.code === 'topic-forbidden' || error.code === 'too-large') return 'given-up'
        else await pause(Math.random() * Math.min(capMs, baseMs * 2 ** attempt), limit.signal)
        if (limit.signal.aborted) return stop.aborted ? 'stopped' : 'given-up'
      }
    } finally {
      alarm.cancel()
      stop.removeEventListener('abort', end)
    }
  }

  /** Tells the gateway of a command that is not answered yet; tried once, and only where the gateway reads it. */
  async notify(origin: Origin, notice: Notice, note = ''): Promise<void> {
    const { broker, dialect, stop } = this.#options
    if (!Buffer.from(origin.correlation).toString().startsWith(operationMark)) return
    try {
      await broker.publish({
        topic: origin.replyTopic,
        partition: origin.replyPartition ?? (await this.#anyPartition(origin.replyTopic)),
        key: null,
        value: Buffer.from(note),
        headers: noticeHeaders(dialect, origin.correlation, notice),
        acks: 'all',
        signal: stop,
      })
    } catch {
      // the next one says more
    }
  }

  async #attempt(origin: Origin, reply: Reply, trace: readonly Pair[], signal: AbortSignal): Promise<Problem | null> {
    const { broker, dialect } = this.#options
    try {
      await broker.publish({
        topic: origin.replyTopic,
        partition: origin.replyPartition ?? (await this.#anyPartition(origin.replyTopic)),
        key: null,
        value: reply.body,
        headers: headersOf(dialect, origin, reply, trace),
        acks: 'all',
        signal,
      })
      return null
    } catch (error) {
      return Problem.from(error)
    }
  }

  /** A random partition, for a command that names none: its gateway reads all. */
  async #anyPartition(topic: string): Promise<number> {
    let count = this.#partitions.get(topic)
    if (count === undefined) {
      count = (await this.#options.broker.admin.topic(topic))?.partitions
      if (count === undefined) throw new Problem('topic-missing', `There is no topic ${topic}.`)
      if (this.#partitions.size >= mostTopics) this.#partitions.clear()
      this.#partitions.set(topic, count)
    }
    return Math.floor(Math.random() * count)
  }
}

/** The reply belongs to the same trace as its command. */
function headersOf(dialect: Dialect, origin: Origin, reply: Reply, trace: readonly Pair[]): Headers {
  const headers = replyHeaders(dialect, origin, reply)
  return trace.length === 0
    ? headers
    : [...headers, ...trace.map(([name, value]): Header => [name, Buffer.from(value)])]
}
