import type { ModeName } from '../../../config/schema/index.ts'
import type { Call } from '../../call.ts'
import { now, since } from '../../clock.ts'
import type { Instant } from '../../clock.ts'
import { events } from '../../events.ts'
import { Problem } from '../../problem.ts'
import { spread } from '../refusal.ts'

export type StuckOptions = Readonly<{
  worker: string
  mode: ModeName
  consecutive: number // silences in a row, while others answer, that make a partition bad
  openMs: number // how long it is bad before a call may try it; doubled each time that one fails, up to a minute
}>
/** Whose failure a silence is. `call`: its own, as a later one of its partition was answered. `both`: nobody has answered since, so there is no telling. */
export type Blame = 'call' | 'partition' | 'both'
/** What `admit` says of a call: refused, without a part in it, or the number of the probe that it is. */
export type Ticket = number
export const refused: Ticket = -1
const ordinary: Ticket = 0

/** For people: `inMs` is when the next probe may go, 0 when it may or is under way. */
export type StuckPartition = Readonly<{ partition: number; silences: number; probing: boolean; inMs: number }>
export type StuckSnapshot = Readonly<{ mode: ModeName; bad: number; worst: readonly StuckPartition[] }>

const longestMs = 60_000
const growths = 16
const worst = 10

/**
 * Which partitions of a worker do not answer while others do: in Kafka a partition fails alone, with the member that holds
 * it or with a record that it cannot get past. Silence counts against a partition only if another one has answered since
 * the call began; when nobody answers it is the worker's failure, and its circuit's business. So with one partition there
 * is never a bad one.
 */
export class StuckPartitions {
  readonly mode: ModeName
  readonly #options: StuckOptions
  #silences = new Uint32Array(0)
  #answeredAt = new Float64Array(0) // −∞: never
  #answeredOf = new Float64Array(0) // when the youngest call that was answered had begun; −∞: none was
  #tookMs = new Float64Array(0)
  #openUntil = new Float64Array(0) // 0: it is not bad
  #openedAt = new Float64Array(0) // last
  #openings = new Uint8Array(0) // in a row
  #probe = new Float64Array(0) // the ticket of the probe under way, or 0
  #last = { partition: -1, at: -Infinity, before: -Infinity } // the last answer, and the last of another partition before it
  #tickets: Ticket = 0
  #bad = 0

  constructor(options: StuckOptions) {
    this.mode = options.mode
    this.#options = options
  }

  /** Partitions that are bad at present. */
  get bad(): number {
    return this.#bad
  }

  /** For calls without a key: whether another partition is the better choice. One that waits for a probe is not passed over. */
  readonly avoids = (partition: number): boolean =>
    this.#bad > 0 && this.mode === 'enforce' && this.#isBad(partition) && !this.#mayProbe(partition)

  /** The refusal that a call would meet now, or null: for the gate, which takes no probe. Calls without a key may go anywhere. */
  wouldRefuse(call: Call): Problem | null {
    const { partition, key } = call
    if (this.#bad === 0 || key === null || this.mode !== 'enforce') return null
    return this.#isBad(partition) && !this.#mayProbe(partition) ? this.refusal(partition) : null
  }

  /** Lets a call through; a partition that has been bad for long enough gets one probe at a time. */
  admit({ partition, key }: Call): Ticket {
    if (this.#bad === 0 || !this.#isBad(partition)) return ordinary
    if (!this.#mayProbe(partition)) return key === null ? ordinary : refused
    this.#probe[partition] = ++this.#tickets
    return this.#tickets
  }

  /** Why calls for a bad partition are refused. `limit` and `observed` are silences in a row. */
  refusal(partition: number): Problem {
    const { worker, consecutive, openMs } = this.#options
    const silences = this.#silences[partition] ?? 0
    const left = (this.#openUntil[partition] ?? 0) - now()
    const retryAfterMs = spread(left > 0 ? left : Math.min(openMs, 1_000)) // else a probe will soon tell
    const detail = `Partition ${partition} of ${worker} is stuck: ${silences} calls in a row were not answered, while other partitions answer.`
    return new Problem('partition-stuck', detail, { retryAfterMs, limit: consecutive, observed: silences })
  }

  /** When a partition answered last; −∞: never. */
  answeredAt(partition: number): number {
    return this.#answeredAt[partition] ?? -Infinity
  }

  /** Whose failure the silence of a call begun then is. */
  blame(partition: number, started: Instant): Blame {
    // answers to older calls say nothing: they were ahead of it in the partition when that fell silent
    if ((this.#answeredOf[partition] ?? -Infinity) > started) return 'call'
    const { partition: latest, before, at } = this.#last
    return (latest === partition ? before : at) > started ? 'partition' : 'both'
  }

  /** A call was answered, whatever the answer. */
  answered({ partition, started }: Call): void {
    const at = now()
    if (partition >= this.#silences.length) this.#grow(partition)
    if (partition !== this.#last.partition) this.#last.before = this.#last.at
    this.#last.partition = partition
    this.#last.at = this.#answeredAt[partition] = at
    this.#answeredOf[partition] = Math.max(started, this.#answeredOf[partition] as number)
    this.#tookMs[partition] = at - started
    if (this.#isBad(partition)) this.#close(partition)
    this.#silences[partition] = 0
  }

  /** A call was not answered, and nothing excuses it. */
  silent({ partition, started }: Call, ticket: Ticket): void {
    if (partition >= this.#silences.length) this.#grow(partition)
    const blame = this.blame(partition, started)
    if (this.#isBad(partition)) {
      // only the probe's word counts, and where nobody answers even that says nothing new of the partition
      if (ticket > 0 && this.#probe[partition] === ticket) this.#open(partition, blame === 'partition')
    } else if (blame === 'partition' && ++(this.#silences[partition] as number) >= this.#options.consecutive)
      this.#open(partition, true)
  }

  /** A call has ended; a probe without a verdict gives its place back. */
  release({ partition }: Call, ticket: Ticket): void {
    if (ticket > 0 && this.#probe[partition] === ticket) this.#probe[partition] = 0
  }

  /** There is news, such as partitions in other hands: every bad one may be tried at once. */
  tryNow(): void {
    if (this.#bad === 0) return
    const at = now()
    for (let partition = 0; partition < this.#silences.length; partition++)
      if (this.#isBad(partition)) this.#openUntil[partition] = Math.min(at, this.#openUntil[partition] as number)
  }

  /**
   * Something has been done of a partition, though not for us: it may be tried as if that had not failed before. Not sooner, as a
   * worker may get past its records without answering any.
   */
  works(partition: number): void {
    if (this.#bad === 0 || !this.#isBad(partition)) return
    const soonest = (this.#openedAt[partition] as number) + this.#options.openMs
    this.#openUntil[partition] = Math.min(soonest, this.#openUntil[partition] as number)
  }

  /** How long the latest answer of a partition took, if it came within `withinMs` or twice the time that it took; else null. */
  lately(partition: number, withinMs: number): number | null {
    const took = this.#tookMs[partition]
    const at = this.#answeredAt[partition] as Instant | undefined
    if (took === undefined || at === undefined) return null
    return since(at) <= Math.max(withinMs, 2 * took) ? took : null
  }

  snapshot(): StuckSnapshot {
    const found: StuckPartition[] = []
    for (let partition = 0; this.#bad > 0 && partition < this.#silences.length; partition++)
      if (this.#isBad(partition))
        found.push({
          partition,
          silences: this.#silences[partition] ?? 0,
          probing: this.#probe[partition] !== 0,
          inMs: Math.max(0, Math.round((this.#openUntil[partition] ?? 0) - now())),
        })
    return { mode: this.mode, bad: this.#bad, worst: found.sort((a, b) => b.silences - a.silences).slice(0, worst) }
  }

  #isBad(partition: number): boolean {
    return (this.#openUntil[partition] ?? 0) !== 0
  }

  #mayProbe(partition: number): boolean {
    return this.#probe[partition] === 0 && now() >= (this.#openUntil[partition] as number)
  }

  #open(partition: number, grows: boolean): void {
    const { openMs, consecutive } = this.#options
    const isNew = !this.#isBad(partition)
    const openings = this.#openings[partition] as number
    const growth = Math.min(growths, grows ? openings : openings - 1)
    if (grows) this.#openings[partition] = Math.min(growths, openings + 1)
    this.#openedAt[partition] = now()
    this.#openUntil[partition] = now() + Math.min(spread(openMs * 2 ** growth), Math.max(openMs, longestMs))
    this.#probe[partition] = 0
    if (isNew) this.#bad++
    else (this.#silences[partition] as number)++
    if (isNew) this.#tell(partition, 'bad', `${consecutive} calls in a row were not answered, while others were`)
  }

  #close(partition: number): void {
    this.#openUntil[partition] = this.#openings[partition] = this.#probe[partition] = 0
    this.#bad--
    this.#tell(partition, 'good', 'it has answered')
  }

  #tell(partition: number, to: 'bad' | 'good', reason: string): void {
    if (!events.partition.hasSubscribers) return
    events.partition.publish({ worker: this.#options.worker, partition, to, reason, bad: this.#bad })
  }

  /** The number comes from the metadata of the topic, which bounds it. */
  #grow(partition: number): void {
    const size = 2 ** Math.ceil(Math.log2(partition + 1))
    const more = <T extends Float64Array | Uint32Array | Uint8Array>(to: T, from: T): T => (to.set(from), to)
    this.#silences = more(new Uint32Array(size), this.#silences)
    this.#answeredAt = more(new Float64Array(size).fill(-Infinity), this.#answeredAt)
    this.#answeredOf = more(new Float64Array(size).fill(-Infinity), this.#answeredOf)
    this.#tookMs = more(new Float64Array(size), this.#tookMs)
    this.#openUntil = more(new Float64Array(size), this.#openUntil)
    this.#openedAt = more(new Float64Array(size), this.#openedAt)
    this.#openings = more(new Uint8Array(size), this.#openings)
    this.#probe = more(new Float64Array(size), this.#probe)
  }
}
