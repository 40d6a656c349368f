import type { Instant } from '../../clock.ts'
import { Linked } from '../../ring.ts'
import type { Acks } from '../broker.ts'
import type { Identity } from './identity.ts'
import type { Pending } from './pending.ts'
import { batchOverhead } from './records.ts'
import type { Numbered } from './records.ts'
import { notHandedOver } from './verdict.ts'

/** Records of one partition that are handed over together. `doubtful`: an earlier sending of it may be in the log. */
export type Batch = Readonly<{
  lane: Lane
  acks: Acks
  records: readonly Pending[]
  bytes: number
  number: Numbered | null
}> & {
  doubtful: boolean
}
/** What a request still has room for, what it is to be acknowledged by (null: not settled yet), and what the topic takes. */
export type Room = Readonly<{ records: number; bytes: number; acks: Acks | null; batchBytes: number }>

export const mostRecords = 512 // of one produce request: beyond, the broker's latency grows more than its throughput
const sequences = 2 ** 31
const lastEpoch = 32_767

/**
 * The records for one partition, in order. One batch of them is on its way at a time, so that the sequence of the next is
 * known only by what became of the last: the sequence has no holes, and an epoch ends with what stays unknown (KIP-360).
 */
export class Lane extends Linked {
  readonly topic: string
  readonly partition: number
  readonly waiting = new Linked()
  /** Where its records go; null while nobody takes them. */
  leader: Readonly<{ mutedMs: number }> | null = null
  /** Since when nobody takes them. */
  lostAt: Instant | null = null
  inFlight = false
  /** Handed over, and nobody has said what became of it: it goes again as it is. */
  unsure: Batch | null = null
  #next: Numbered | null = null
  #most = mostRecords

  /** Whether leaders move, so that what takes long now soon goes on. */
  readonly moving: () => boolean

  constructor(topic: string, partition: number, moving: () => boolean) {
    super()
    this.topic = topic
    this.partition = partition
    this.moving = moving
  }

  get empty(): boolean {
    return this.unsure === null && this.waiting.alone
  }

  /** Those that wait; each may leave. */
  *pendings(): Iterable<Pending> {
    for (let next = this.waiting.next; next !== this.waiting;) {
      const pending = next as Pending
      next = pending.next
      yield pending
    }
  }

  /** For how long the broker holds back what comes from us. */
  get mutedMs(): number {
    return this.leader?.mutedMs ?? 0
  }

  /** The batch that is to go next; null when none fits, or nobody knows yet who we are. */
  take(room: Room, identity: Identity): Batch | null {
    if (this.unsure !== null) return room.acks === null || room.acks === 'all' ? this.unsure : null
    if (this.waiting.alone) return null
    const { acks } = (this.waiting.next as Pending).record
    if (room.acks !== null && room.acks !== acks) return null
    if (acks === 'all' && !identity.settled) return null
    const most = Math.min(this.#most, room.records)
    const number = acks === 'all' ? this.#number(identity) : null
    const records: Pending[] = []
    let bytes = batchOverhead
    for (let next = this.waiting.next; next !== this.waiting && records.length < most; next = this.waiting.next) {
      const pending = next as Pending
      const { size, record } = pending
      if (record.acks !== acks) break
      if (records.length > 0 && bytes + size > room.batchBytes) break
      if (bytes + size > room.bytes) break
      bytes += size
      records.push(pending)
      pending.part()
      pending.stage = 'handed-over'
    }
    if (records.length === 0) return null
    return { lane: this, acks, records, bytes, number, doubtful: false }
  }

  /** It is in the log. */
  written({ records, number }: Batch): void {
    this.unsure = null
    this.#most = Math.min(mostRecords, this.#most * 2)
    if (number !== null) this.#next = { ...number, sequence: (number.sequence + records.length) % sequences }
  }

  /** It may be in the log: until that is known, nothing else goes. */
  keep(batch: Batch): void {
    batch.doubtful = true
    this.unsure = batch
  }

  /** It is certainly not in the log: its records wait again, before the others. */
  giveBack({ records }: Batch): void {
    this.unsure = null
    const first = this.waiting.next
    for (const pending of records) {
      if (pending.stage === 'settled') continue
      pending.stage = 'waiting'
      pending.join(first)
      if (pending.abandoned) pending.fail(notHandedOver(pending.record.signal.reason))
    }
  }

  /** One of them is refused: the next batches are smaller, until it stands alone. */
  halve({ records }: Batch): void {
    this.#most = Math.ceil(records.length / 2)
  }

  /** Nobody waits any more for what is not known, and nobody will know it: numbers begin anew in another epoch, which fences off the old. */
  renumber(identity: Identity): void {
    this.unsure = null
    if (this.#next !== null && this.#next.epoch < lastEpoch)
      this.#next = { ...this.#next, epoch: this.#next.epoch + 1, sequence: 0 }
    else this.rename(identity)
  }

  /** Numbers begin anew under another producer id. */
  rename(identity: Identity): void {
    if (this.#next !== null) identity.renew(this.#next.producerId)
    this.#next = null
  }

  #number(identity: Identity): Numbered | null {
    const { given } = identity
    return (this.#next ??= given === null ? null : { producerId: given.id, epoch: given.epoch, sequence: 0 })
  }
}
