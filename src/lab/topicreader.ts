import type { Incoming, Broker } from '../bridge/broker.ts'

/** Reads what is in the topic of the commands, beside gateway and workers: how many commands there are of each request. */
export class TopicReader {
  readonly #commands = new Map<string, Set<string>>()

  /** Follows the topic from its beginning; the reading ends with the broker. */
  static async open(broker: Broker, topic: string): Promise<TopicReader> {
    const reader = new TopicReader()
    await broker.subscribe({ topic, partitions: 'all', from: 'earliest' }, record => reader.#read(record))
    return reader
  }

  /** Commands by the id of their request. One that is sent again is the same command. */
  get commands(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#commands].map(([id, commands]) => [id, commands.size]))
  }

  #read({ value, headers }: Incoming): void {
    const [, id] = /"id":"([\w-]+)"/.exec(value === null ? '' : Buffer.from(value).toString('latin1')) ?? []
    if (id === undefined) return
    const command = headers.find(([name]) => name === 'ce_id')?.[1] ?? new Uint8Array()
    const known = this.#commands.get(id)
    if (known === undefined) this.#commands.set(id, new Set([Buffer.from(command).toString('latin1')]))
    else known.add(Buffer.from(command).toString('latin1'))
  }
}
