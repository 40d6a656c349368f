import type { StreamOptions } from '../../../config/schema/index.ts'
import { every } from '../../clock.ts'
import { events } from '../../events.ts'
import type { Gap, Sink, Told } from '../../feed.ts'
import type { Incoming } from '../broker.ts'
import { changes } from '../cdc/index.ts'
import type { ReadRecord } from '../schemas/index.ts'
import { Audience } from './audience.ts'
import { contentOf, jsonOf } from './content.ts'
import type { Content, Shape } from './content.ts'
import { filterOf, nameOf, wishedBy } from './filter.ts'
import type { Filter, Found, Wish } from './filter.ts'
import { codecOf } from './position.ts'
import type { Codec, Position } from './position.ts'
import type { Listener, Tail } from './tail.ts'

/** Those that wish in the same places, by what they wish there. */
type Crowd = Readonly<{ mask: Wish; audiences: Map<string, Audience> }>

/** One stream route: a record is read, filtered and written once for all clients that want the same. */
export class Stream implements Listener, Disposable {
  readonly route: string
  readonly tails: readonly Tail[]
  readonly codec: Codec
  readonly filter: Filter
  readonly #shape: Shape
  readonly #gatherMs: number
  readonly #read: ReadRecord | null
  readonly #decode: ((record: Incoming) => Incoming | null) | null
  readonly #deleted = new Map<string, bigint>() // where a row was seen to be deleted last, by partition
  readonly #crowds = new Map<string, Crowd>()
  readonly #held: Disposable[] = []
  #id: string | null = null // of the present end, once somebody has asked

  constructor(route: string, options: StreamOptions, tails: readonly Tail[], read: ReadRecord | null) {
    this.route = route
    this.tails = tails
    this.codec = codecOf(
      route,
      tails.map(({ topic }) => topic),
    )
    this.filter = filterOf(options.filter)
    this.#shape = { as: options.as, fields: options.fields ?? null }
    this.#gatherMs = options.gatherMs
    this.#read = read
    this.#decode = options.format === 'debezium' ? changes(options.columns) : null
    this.#held.push(
      ...tails.map(tail => tail.listen(this)),
      every(options.heartbeatMs, () => this.#beat()),
    )
  }

  /** Where the end is, in each partition. */
  get position(): Position {
    return { offsets: this.tails.map(({ windows }) => windows.map(({ next }) => next)), logs: this.logs }
  }

  get logs(): readonly number[] {
    return this.tails.map(({ log }) => log)
  }

  /** From now on it hears what comes; its position must be the end. */
  admit(sink: Sink, wish: Wish): Disposable {
    const mask = wish.map(wanted => (wanted === null ? null : ''))
    const maskName = `${sink.format.name} ${nameOf(mask)}`
    const name = nameOf(wish)
    const crowd = this.#crowds.get(maskName) ?? { mask, audiences: new Map<string, Audience>() }
    this.#crowds.set(maskName, crowd)
    const audience = crowd.audiences.get(name) ?? new Audience(sink.format, this.#gatherMs)
    crowd.audiences.set(name, audience)
    audience.join(sink)
    return {
      [Symbol.dispose]: () => {
        audience.leave(sink)
        if (audience.size > 0 || crowd.audiences.get(name) !== audience) return
        crowd.audiences.delete(name)
        if (crowd.audiences.size === 0) this.#crowds.delete(maskName)
      },
    }
  }

  /** The opaque position of the end. */
  get id(): string {
    return (this.#id ??= this.codec.encode(this.position))
  }

  /** A record as this route tells of it, and what its filters look at; null when it tells nothing of it. */
  look(incoming: Incoming): Readonly<{ found: Found; content: () => Content }> | null {
    const read = this.#read === null ? incoming : this.#read(incoming)
    if (read === null) return null
    const record = this.#decode === null ? read : this.#change(this.#decode(read), read)
    if (record === null) return null
    const json = jsonOf(record)
    return { found: this.filter.find(record, json), content: () => contentOf(record, json, this.#shape) }
  }

  /** The tombstone right behind the record that a row was deleted says nothing more. */
  #change(change: Incoming | null, { topic, partition, offset, value }: Incoming): Incoming | null {
    const place = `${topic}/${partition}`
    if (value === null && this.#deleted.get(place) === offset - 1n) return null
    if (value !== null && change?.value === null) this.#deleted.set(place, offset)
    return change
  }

  record(record: Incoming): void {
    this.#id = null
    if (this.#crowds.size === 0) return
    const seen = this.look(record)
    if (seen === null) return
    const { found, content } = seen
    let told: Told | null = null
    for (const { mask, audiences } of this.#crowds.values()) {
      const wish = wishedBy(mask, found)
      const audience = wish === null ? undefined : audiences.get(nameOf(wish))
      if (audience !== undefined) audience.tell((told ??= { ...content(), id: this.id }))
    }
  }

  moved(topic: string, partition: number, from: number, to: number): void {
    this.#id = null
    const gap = this.gap(this.position, topic, partition, from, to)
    for (const audience of this.#audiences()) audience.say(audience.format.gap(gap))
  }

  gap(position: Position, topic: string, partition: number, from: number, to: number): Gap {
    const reason = to > from ? 'retention' : 'recreated'
    if (events.gap.hasSubscribers) events.gap.publish({ route: this.route, topic, partition, reason })
    return { id: this.codec.encode(position), topic, partition, missed: Math.max(0, to - from), reason }
  }

  #beat(): void {
    for (const audience of this.#audiences()) audience.say(audience.format.beat(this.id))
  }

  *#audiences(): Iterable<Audience> {
    for (const { audiences } of this.#crowds.values()) yield* audiences.values()
  }

  [Symbol.dispose](): void {
    for (const held of this.#held) held[Symbol.dispose]()
  }
}
