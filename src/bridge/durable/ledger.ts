import type { Producer, Step } from './record.ts'
import { plainType } from './record.ts'

/** Where a record stands: the log tells the topic from an earlier one of its name, as `logOf` says. */
export type Spot = Readonly<{ partition: number; offset: number; log: number }>
/** A stream as its records add up to it. Offsets are those of its partition. */
export type StreamState = {
  readonly type: string
  readonly partition: number
  readonly log: number
  /** Its first record; what stands before is of an earlier stream of this name. */
  readonly first: number
  /** After its last record. */
  next: number
  closed: boolean
  closedBy: Producer | null
  seq: string | null
  readonly producers: Map<string, Readonly<{ epoch: number; seq: number }>>
  /** Records that changed nothing, as others came first: readers pass over them. */
  readonly void: Set<number>
}
/** What became of a step. `stream` is the state afterwards; null where there is none. */
export type Verdict = Readonly<{
  fate:
    | 'created'
    | 'exists'
    | 'mismatch' // of the content type
    | 'unknown' // no such stream
    | 'appended'
    | 'duplicate'
    | 'closed'
    | 'late' // Stream-Seq is not above the last
    | 'stale' // an older epoch of the producer
    | 'gap' // a batch of the producer is missing
    | 'misbegun' // an epoch that does not begin at 0
    | 'deleted'
    | 'full'
  stream: StreamState | null
  producer?: Readonly<{ epoch: number; seq: number }> // as it is known
}>
export type Bounds = Readonly<{ streams: number; defaultType: string }>

const mostVoid = 10_000

/**
 * What all streams of a topic are, by key: a fold over its records in the order of the log, so that every instance comes to the same
 * result, and of two who append at once the log decides. Producers are those of Kafka's idempotence, named by the client.
 */
export class Ledger {
  readonly #bounds: Bounds
  readonly #streams = new Map<string, StreamState>()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#streams.size
  }

  get(key: string): StreamState | null {
    return this.#streams.get(key) ?? null
  }

  /** What would become of the step now. */
  judge(key: string, step: Step): Verdict {
    const stream = this.get(key)
    if (step.kind === 'create') return this.#creation(stream, step)
    if (stream === null) return { fate: 'unknown', stream }
    if (step.kind === 'delete') return { fate: 'deleted', stream }
    const known = step.producer === null ? null : (stream.producers.get(step.producer.id) ?? null)
    const found = step.producer === null ? null : sequence(step.producer, known)
    if (found !== null) return { fate: found, stream, producer: known ?? { epoch: 0, seq: -1 } }
    if (stream.closed)
      return {
        fate: step.closes && step.value === null && isSame(step.producer, stream.closedBy) ? 'duplicate' : 'closed',
        stream,
      }
    if (step.value !== null && step.type !== null && plainType(step.type) !== plainType(stream.type))
      return { fate: 'mismatch', stream }
    if (step.seq !== null && stream.seq !== null && step.seq <= stream.seq) return { fate: 'late', stream }
    return stream.void.size < mostVoid ? { fate: 'appended', stream } : { fate: 'full', stream }
  }

  /** Takes a record that was read. Records of others make a stream where there is none. */
  apply(key: string, step: Step, spot: Spot): Verdict {
    const verdict = this.judge(key, step)
    const { stream, fate } = verdict
    if (fate === 'created' || (fate === 'unknown' && step.kind === 'append' && step.producer === null && !step.closes))
      return { fate: 'created', stream: this.#create(key, step, spot) }
    if (stream === null) return verdict
    if (fate === 'deleted') this.#streams.delete(key)
    else if (fate === 'appended') append(stream, step)
    else stream.void.add(spot.offset)
    stream.next = spot.offset + 1
    return fate === 'appended' && step.producer !== null ? { ...verdict, producer: step.producer } : verdict
  }

  /** The log of a partition was made anew. */
  forget(partition: number): void {
    for (const [key, stream] of this.#streams) if (stream.partition === partition) this.#streams.delete(key)
  }

  #creation(stream: StreamState | null, step: Step): Verdict {
    if (stream === null) return { fate: this.#streams.size < this.#bounds.streams ? 'created' : 'full', stream }
    const { type, closed } = stream
    const same = step.type === null || plainType(step.type) === plainType(type)
    return { fate: same && closed === step.closes ? 'exists' : 'mismatch', stream }
  }

  #create(key: string, step: Step, { partition, offset, log }: Spot): StreamState | null {
    if (this.#streams.size >= this.#bounds.streams) return null
    const stream: StreamState = {
      type: step.type ?? this.#bounds.defaultType,
      partition,
      log,
      first: offset,
      next: offset + 1,
      closed: step.closes,
      closedBy: null,
      seq: null,
      producers: new Map(),
      void: new Set(),
    }
    this.#streams.set(key, stream)
    return stream
  }
}

/** Why a batch of a producer is not the next; null when it is. */
function sequence(
  { epoch, seq }: Producer,
  known: Readonly<{ epoch: number; seq: number }> | null,
): Verdict['fate'] | null {
  if (known === null || epoch > known.epoch) return seq === 0 ? null : known === null ? 'gap' : 'misbegun'
  if (epoch < known.epoch) return 'stale'
  if (seq <= known.seq) return 'duplicate'
  return seq === known.seq + 1 ? null : 'gap'
}

const mostProducers = 1_000

function append(stream: StreamState, { producer, seq, closes }: Step): void {
  if (producer !== null) {
    stream.producers.delete(producer.id) // the latest stand last
    stream.producers.set(producer.id, { epoch: producer.epoch, seq: producer.seq })
    const [oldest] = stream.producers.keys()
    if (stream.producers.size > mostProducers && oldest !== undefined) stream.producers.delete(oldest)
  }
  if (seq !== null) stream.seq = seq
  if (!closes) return
  stream.closed = true
  stream.closedBy = producer
}

const isSame = (a: Producer | null, b: Producer | null): boolean =>
  a === b || (a !== null && b !== null && a.id === b.id && a.epoch === b.epoch && a.seq === b.seq)
