import { MemoryBroker } from '../../bridge/memory.ts'
import type { Acknowledged, Broker, Handler, Incoming, Outgoing, Reading, Source } from '../../bridge/broker.ts'
import { acknowledgement } from '../../bridge/memory/acknowledgement.ts'
import { wallClock } from '../../clock.ts'
import { Problem } from '../../problem.ts'
import { bytesOf, textOf } from './workers.ts'
import type { ModelWorkers } from './workers.ts'

const nothing = new Uint8Array()
const created = Buffer.from('201')

/**
 * A model of a broker with its workers: commands go straight to the workers, and their replies straight to whoever reads them.
 * Topics, partitions and outages are those of the embedded one.
 */
export class ModelBroker implements Broker {
  readonly #memory = new MemoryBroker({ partitions: 1 })
  readonly #commands: string
  readonly admin: Broker['admin']
  readonly past = this.#memory.past
  #workers: ModelWorkers | null = null
  #replies: Handler = () => {}
  #paused: Outgoing[] | null = null
  #acknowledges = true
  #offset = 0n

  constructor(commands: string) {
    this.#commands = commands
    const { admin } = this.#memory
    this.admin = {
      ...admin,
      group: async (name, topic) =>
        topic === commands
          ? { ...(await admin.group(name, topic)), members: this.#workers?.size ?? 0 }
          : await admin.group(name, topic),
    }
  }

  get state() {
    return this.#memory.state
  }

  get reason() {
    return this.#memory.reason
  }

  employ(workers: ModelWorkers): void {
    this.#workers = workers
  }

  readonly start = (): void => this.#memory.start()
  readonly watch: Broker['watch'] = changed => this.#memory.watch(changed)
  readonly partitionFor: Broker['partitionFor'] = (...of) => this.#memory.partitionFor(...of)
  readonly movedSince: Broker['movedSince'] = () => this.#memory.movedSince()
  readonly join: Broker['join'] = (...of) => this.#memory.join(...of)
  readonly outage = (): void => this.#memory.outage()
  readonly restore = (): void => this.#memory.restore()

  async publish(record: Outgoing): Promise<Acknowledged> {
    if (record.topic !== this.#commands) return await this.#memory.publish(record)
    if (record.signal.aborted) throw new Problem('broker-unavailable', 'It was given up before it was written.')
    if (this.state !== 'ready') throw new Problem('broker-unavailable', this.reason)
    if (this.#paused === null) this.#workers?.take(record)
    else this.#paused.push(record)
    if (this.#paused !== null || !this.#acknowledges) await acknowledgement(Infinity, record.signal)
    return { partition: record.partition, offset: this.#offset++ }
  }

  async subscribe(source: Source, handler: Handler): Promise<Reading> {
    this.#replies = handler
    return await this.#memory.subscribe(source, handler)
  }

  /** A reply of a worker. */
  answer(record: Outgoing, status: number): void {
    if (this.state !== 'ready' || this.#paused !== null) return
    const headers: Incoming['headers'] = [
      ['sluice-correlation-id', bytesOf(record, 'sluice-correlation-id') ?? nothing],
      ['sluice-status', status === 201 ? created : Buffer.from(String(status))],
    ]
    const timestamp = wallClock()
    const place = { topic: textOf(record, 'sluice-reply-to') ?? '', partition: 0, offset: this.#offset++, timestamp }
    this.#replies({ ...place, key: null, value: record.value, headers })
  }

  pause(): void {
    this.#paused ??= []
  }

  resume(): void {
    const waiting = this.#paused ?? []
    this.#paused = null
    for (const record of waiting) this.#workers?.take(record)
  }

  acknowledge(does: boolean): void {
    this.#acknowledges = does
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#memory[Symbol.asyncDispose]()
  }
}
