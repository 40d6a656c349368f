import { Config } from '../../config/schema/index.ts'
import type { Broker, Incoming } from '../../src/bridge/broker.ts'
import { MemoryBroker } from '../../src/bridge/memory.ts'
import { Operations, Returns, resources } from '../../src/bridge/operations/index.ts'
import { newId } from '../../src/bridge/operations/event.ts'
import { Processes, correlationOfStep } from '../../src/bridge/processes/index.ts'
import { replyReader } from '../../src/bridge/wire/index.ts'
import { Aborter } from '../../src/aborter.ts'
import { Problem } from '../../src/problem.ts'
import { anAccepted, topics } from './operations.ts'
import { header, pairs } from './record.ts'

/** A trip of three bookings, each undone by its worker. */
export const tripOf = (over: object = {}): Config =>
  Config.parse({
    workers: Object.fromEntries(
      ['flights', 'hotels', 'cars'].map(name => [name, { topic: `${name}.commands`, partitions: 2 }]),
    ),
    routes: {},
    processes: {
      trip: {
        steps: ['flight', 'hotel', 'car'].map(name => ({
          name,
          to: `${name}s`,
          timeoutMs: 60,
          attempts: 2,
          backoffMs: 1,
          undo: { timeoutMs: 60, attempts: 3, backoffMs: 1 },
          ...over,
        })),
      },
    },
  })

export const planOf = ({ processes }: Config) => processes['trip']!

export async function tripBroker({ workers }: Config): Promise<MemoryBroker> {
  const broker = new MemoryBroker()
  const names = [...Object.values(topics), ...Object.values(workers).map(({ topic }) => topic)]
  await broker.admin.create(names.map(name => ({ name, partitions: 2, replication: 1, config: {} })))
  return broker
}

/** What a worker says to the command of this type: a status, or null for silence. */
export type Script = (type: string, sending: number) => number | null

/** Workers that do each command once, whatever its `ce_id` comes how often, and drop the second without a word. */
export async function bookings(broker: Broker, { workers }: Config, script: Script) {
  const done: string[] = []
  const seen = new Map<string, number>() // sendings, by id
  const types: string[] = [] // of each id, one
  for (const { topic } of Object.values(workers))
    await broker.subscribe({ topic, partitions: 'all', from: 'earliest' }, record => {
      const [id, type] = [header(record.headers, 'ce_id') ?? '', header(record.headers, 'ce_type') ?? '']
      const sending = (seen.get(id) ?? 0) + 1
      seen.set(id, sending)
      if (sending === 1) types.push(type)
      const status = script(type, sending)
      if (sending > 1 && status === null) return
      if ((status === null || Math.abs(status) < 400 || status >= 500) && !done.includes(type)) done.push(type)
      if (status !== null && (sending === 1 || status < 0)) void answer(broker, record, Math.abs(status))
    })
  /** What is booked in the end: done and not undone. */
  const booked = (): string[] => done.filter(type => !type.endsWith('.undo') && !done.includes(`${type}.undo`))
  return { done, booked, types, ids: seen }
}

async function answer(broker: Broker, { headers, value }: Incoming, status: number): Promise<void> {
  const said = (name: string): string => header(headers, name) ?? ''
  await broker.publish({
    topic: said('sluice-reply-to'),
    partition: Number(said('sluice-reply-partition')),
    key: null,
    value,
    headers: pairs({ 'sluice-correlation-id': said('sluice-correlation-id'), 'sluice-status': String(status) }),
    acks: 'all',
    signal: new Aborter(),
  })
}

/** A gateway's part in processes. It dies once it has published so many records, before it learns of the last of them. */
export class Instance implements AsyncDisposable {
  readonly operations: Operations
  readonly processes: Processes
  readonly died: Promise<void>
  readonly #returns: Returns
  #left = Infinity
  readonly #hanging: ((reason: unknown) => void)[] = []
  #dead = false

  constructor(broker: MemoryBroker, config: Config, takeOverMs = 5) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.died = promise
    const publish: Broker['publish'] = async record => {
      if (this.#dead) return await this.#never()
      const acknowledged = await broker.publish(record)
      if (--this.#left > 0) return acknowledged
      this.#dead = true
      resolve()
      return await this.#never()
    }
    const mortal = {
      admin: broker.admin,
      subscribe: (source, handler) => broker.subscribe(source, record => (this.#dead ? undefined : handler(record))),
    } as Broker
    const options = { topic: topics.log, entries: 1_000, bytes: 1_000_000, takeOverMs }
    this.operations = new Operations({ broker: mortal, publish }, options)
    const reader = replyReader({ dialect: 'sluice', maxReplyBytes: 10_000 })
    this.#returns = new Returns(mortal, this.operations, {
      topic: topics.replies,
      dialects: [],
      refused: () => {},
      late: () => null,
      read: (_route, record, worker) => reader(record, worker),
      steps: { correlationOf: correlationOfStep, answer: (id, record) => this.processes.answer(id, record) },
    })
    this.processes = new Processes({
      operations: this.operations,
      publish,
      partitionFor: (topic, key) => broker.partitionFor(topic, key),
      place: () => this.#returns.place,
      workers: config.workers,
      instance: 'a',
      read: (worker, record) => reader(record, worker),
    })
  }

  get dead(): boolean {
    return this.#dead
  }

  async open(lives = Infinity): Promise<this> {
    await this.operations.open(2)
    await this.#returns.open(2)
    this.#left = lives
    this.processes.begin()
    return this
  }

  /** Begins a process of this configuration, and resolves with the id of its operation. */
  begin(config: Config): string {
    const id = newId()
    const told = { method: 'POST', path: '/trips', query: '', params: [], headers: [], contentType: null, trace: [] }
    const process = {
      name: 'trip',
      plan: planOf(config),
      template: '/trips',
      told,
      body: Buffer.from('{"to":"Rome"}').toString('base64'),
    }
    const accepted = anAccepted({ by: this.operations.incarnation, worker: 'trip', process })
    this.operations.accept(id, accepted).catch(() => {}) // it may die before it knows
    return id
  }

  state(id: string) {
    return resources(this.operations, { path: '/operations', retryAfterMs: 1_000, cancelled: async now => now })
      .list('::1', 500, null)
      .find(one => one.id === id)
  }

  #never(): Promise<never> {
    return new Promise((_resolve, reject) => this.#hanging.push(reject))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dead = true
    for (const end of this.#hanging) end(new Problem('internal', 'The instance is dead.'))
    this.processes[Symbol.dispose]()
    await this.#returns[Symbol.asyncDispose]()
    await this.operations[Symbol.asyncDispose]()
  }
}
