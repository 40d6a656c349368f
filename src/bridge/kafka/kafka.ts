import type { PublishOptions } from '../../../config/schema/index.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import type {
  Acknowledged,
  Avoids,
  Broker,
  BrokerState,
  Handler,
  PacingHandler,
  MemberHandler,
  Membership,
  Outgoing,
  Reading,
  Source,
} from '../broker.ts'
import type { Admin } from '../admin.ts'
import { partitionOf } from '../partition.ts'
import type { Past } from '../past.ts'
import { access } from './access.ts'
import type { Access, Reach } from './access.ts'
import { kafkaAdmin } from './admin.ts'
import { Cluster } from './cluster.ts'
import { Member } from './group.ts'
import { Groups } from './groups.ts'
import { KafkaPast } from './past.ts'
import { Producer } from './producer.ts'
import { Reader } from './reader.ts'

/** A Kafka cluster behind the port: kafkajs for connections, groups and administration; our own produce and fetch on top. */
export class KafkaBroker implements Broker {
  readonly admin: Admin
  readonly past: Past
  readonly #access: Access
  readonly #cluster: Cluster
  readonly #producer: Producer
  readonly #open = new Set<AsyncDisposable>()

  constructor(options: Reach & Readonly<{ publish: Pick<PublishOptions, 'buffer'> }>) {
    this.#access = access(options)
    this.#cluster = new Cluster(this.#access)
    this.#producer = new Producer(this.#cluster, { requestMs: options.requestMs, buffer: options.publish.buffer })
    const past = new KafkaPast(this.#cluster)
    this.past = past
    this.#open.add(past)
    const admin = kafkaAdmin(this.#access)
    const groups = new Groups(this.#cluster)
    this.admin = {
      ...admin,
      group: (name, topic) => groups.look(name, topic),
      topic: async name => {
        const info = await admin.topic(name)
        if (info !== null) this.#producer.limit(name, info.maxMessageBytes)
        return info
      },
      create: async topics => {
        await admin.create(topics)
        this.#cluster.start(topics.map(({ name }) => name))
      },
    }
  }

  get state(): BrokerState {
    return this.#cluster.state
  }

  get reason(): string {
    return this.#cluster.reason
  }

  start(topics: readonly string[]): void {
    this.#cluster.start(topics)
  }

  movedSince(instant: Instant): boolean {
    return this.#cluster.movedSince(instant)
  }

  watch(changed: (state: BrokerState) => void): Disposable {
    return this.#cluster.watch(() => changed(this.#cluster.state))
  }

  partitionFor(topic: string, key: Uint8Array | null, avoids?: Avoids): number {
    return key === null ? this.#producer.turn(topic, avoids) : partitionOf(key, this.#cluster.partitions(topic))
  }

  publish(record: Outgoing): Promise<Acknowledged> {
    return this.#producer.publish(record)
  }

  async subscribe(source: Source, handler: Handler | PacingHandler): Promise<Reading> {
    this.#cluster.start([source.topic])
    const reader = new Reader(this.#cluster, source, handler)
    this.#open.add(reader)
    return await reader.open(source.partitions)
  }

  async join(membership: Membership, handler: MemberHandler): Promise<AsyncDisposable> {
    const member = new Member(this.#access, membership, handler)
    this.#open.add(member)
    return await member.open()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled([...this.#open].map(one => one[Symbol.asyncDispose]()))
    for (const end of ends)
      if (end.status === 'rejected') events.warning.publish({ what: 'Closing a consumer failed.', cause: end.reason })
    await this.#cluster.close()
  }
}
