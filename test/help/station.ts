import type { Broker, Held, Incoming, MemberHandler, Membership, Outgoing } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { header, pairs } from './record.ts'

/** What a test says of a command; the rest is usual. */
export type Sent = Readonly<{
  id?: string | null
  correlation?: string
  key?: string | null
  partition?: number
  expires?: number
  body?: string
  headers?: Readonly<Record<string, string>>
}>
export type Answered = Readonly<{ correlation: string; status: number; body: string; record: Incoming }>

/** The embedded broker, which also writes down what members are given and what they say is done, and waits for their handlers when they leave. */
class WatchedBroker extends MemoryBroker {
  readonly done: string[] = []
  handedOver = 0

  override async join(membership: Membership, handler: MemberHandler): Promise<AsyncDisposable> {
    const watched = new Map<Held, Held>()
    const pending = new Set<Promise<void>>()
    const member = await super.join(membership, (record, held) => {
      const known = watched.get(held) ?? this.#watch(held)
      watched.set(held, known)
      this.handedOver++
      const taken = handler(record, known)
      if (taken !== undefined) {
        const waits = taken.finally(() => pending.delete(waits))
        pending.add(waits)
      }
      return taken
    })
    const leave = async (): Promise<void> => {
      await Promise.all(pending) // as clients of Kafka do
      await member[Symbol.asyncDispose]()
    }
    return { [Symbol.asyncDispose]: leave }
  }

  #watch(held: Held): Held {
    return {
      ...held,
      done: next => {
        this.done.push(`${held.partition}/${next}`)
        held.done(next)
      },
    }
  }
}

/** A gateway's side of the topics: sends commands and collects what comes back. */
export async function aStation(partitions = 1) {
  const broker = new WatchedBroker()
  await broker.admin.create([
    { name: 'commands', partitions, replication: 1, config: {} },
    { name: 'replies', partitions: 3, replication: 1, config: { 'max.message.bytes': '10000' } },
  ])
  const replies: Answered[] = []
  await broker.subscribe({ topic: 'replies', partitions: 'all', from: 'end' }, record => {
    replies.push({
      correlation: header(record.headers, 'sluice-correlation-id') ?? '',
      status: Number(header(record.headers, 'sluice-status')),
      body: Buffer.from(record.value ?? []).toString(),
      record,
    })
  })
  let sent = 0
  const send = async ({ key = null, partition = 0, body = '{}', ...said }: Sent = {}): Promise<void> => {
    const { id = `id-${sent}`, correlation = `c-${sent}`, expires = Date.now() + 5_000, headers = {} } = said
    sent++
    await publish(broker, {
      partition,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(body),
      headers: pairs({
        ...(id !== null && { ce_id: id }),
        'sluice-correlation-id': correlation,
        'sluice-reply-to': 'replies',
        'sluice-reply-partition': '2',
        'sluice-expires': String(expires),
        'http-method': 'POST',
        ...headers,
      }),
    })
  }
  /** Turns of the event loop, for what needs no time. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 8; i++) await new Promise<void>(resolve => setImmediate(resolve))
  }
  return { broker, send, replies, settle, serving: { broker, topic: 'commands', group: 'workers' } as const }
}

export const publish = (broker: Broker, over: Partial<Outgoing>): Promise<unknown> =>
  broker.publish({
    topic: 'commands',
    partition: 0,
    key: null,
    value: null,
    headers: [],
    acks: 'all',
    signal: new AbortController().signal,
    ...over,
  })
