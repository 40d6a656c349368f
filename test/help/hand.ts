import type { Broker, Headers, Incoming } from '../../src/bridge/broker.ts'
import { bytes, header, pairs } from './record.ts'
import type { Scope } from './scope.ts'

/** What goes into the reply topic; everything has a default. */
export type Replied = Readonly<{
  status?: number | string
  body?: string | Uint8Array
  headers?: Readonly<Record<string, string>> // of the record, above the usual ones
  correlation?: string | Uint8Array
  topic?: string
  partition?: number
}>

/** A command as the worker finds it in its topic. */
export class Taken {
  readonly record: Incoming
  readonly #broker: Broker

  constructor(broker: Broker, record: Incoming) {
    this.#broker = broker
    this.record = record
  }

  header(name: string): string | undefined {
    return header(this.record.headers, name)
  }

  /** The header's bytes; throws when there is none. */
  raw(name: string): Uint8Array {
    const found = this.record.headers.find(([other]) => other === name)
    if (found === undefined) throw new Error(`The command has no header ${name}.`)
    return found[1]
  }

  get body(): string {
    return Buffer.from(this.record.value ?? []).toString()
  }

  get key(): string | null {
    const { key } = this.record
    return key === null ? null : Buffer.from(key).toString()
  }

  /** Epoch milliseconds. */
  get expires(): number {
    return Number(this.header('sluice-expires'))
  }

  /** Answers as the command asks for; again, if need be. */
  async reply({ status, body = this.body, headers = {}, correlation, topic, partition }: Replied = {}): Promise<void> {
    const id = correlation ?? this.raw('sluice-correlation-id')
    const said: Headers = [
      ['sluice-correlation-id', typeof id === 'string' ? bytes(id) : id],
      ...(status === undefined ? [] : pairs({ 'sluice-status': String(status) })),
      ...pairs({ 'content-type': 'application/json', ...headers }),
    ]
    await this.publish(said, body, { topic, partition })
  }

  /** Writes any record where the command wants its reply. */
  async publish(
    headers: Headers,
    body: string | Uint8Array | null,
    to: Readonly<{ topic?: string | undefined; partition?: number | undefined }> = {},
  ): Promise<void> {
    await this.#broker.publish({
      topic: to.topic ?? this.header('sluice-reply-to') ?? '',
      partition: to.partition ?? Number(this.header('sluice-reply-partition')),
      key: null,
      value: typeof body === 'string' ? bytes(body) : body,
      headers,
      acks: 'all',
      signal: new AbortController().signal,
    })
  }
}

/** A worker under the test's control: each command waits until the test answers it. */
export interface Hand {
  /** All commands so far, in the order they came. */
  readonly commands: readonly Taken[]
  /** The next command that nobody has taken yet. */
  next(): Promise<Taken>
  /** From now on every command, also those that wait, is answered by this; null waits for the hand again. */
  always(answer: ((command: Taken) => void) | null): void
}

/** Reads every partition of the commands from now on. */
export async function handWorker(t: Scope, broker: Broker, topic = 'orders.commands'): Promise<Hand> {
  const commands: Taken[] = []
  const untaken: Taken[] = []
  const waiting: ((command: Taken) => void)[] = []
  let answer: ((command: Taken) => void) | null = null
  const reading = await broker.subscribe({ topic, partitions: 'all', from: 'end' }, record => {
    const taken = new Taken(broker, record)
    commands.push(taken)
    const first = waiting.shift()
    if (first !== undefined) first(taken)
    else if (answer !== null) answer(taken)
    else untaken.push(taken)
  })
  t.after(() => reading[Symbol.asyncDispose]())
  return {
    commands,
    next: async () => untaken.shift() ?? (await new Promise<Taken>(resolve => waiting.push(resolve))),
    always: by => {
      answer = by
      if (answer !== null) untaken.splice(0).forEach(answer)
    },
  }
}
