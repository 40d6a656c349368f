import { parseTime } from '../clock.ts'
import type { EpochMs } from '../clock.ts'
import type { Incoming } from './broker.ts'
import type { Past, Place } from './past.ts'

/** Where a span begins or ends in every partition: a place, or an offset. */
export type Edge = Place | Readonly<{ offset: bigint }>
/** The span of one partition: from `next` to below `end`. */
type Stretch = { readonly partition: number; next: bigint; readonly end: bigint; page: readonly Incoming[] }

const pageBytes = 262_144

/** `earliest`, `end`, a time (RFC 3339 or epoch milliseconds), or `offset:N`; null for what is none of these. */
export function edgeOf(text: string): Edge | null {
  if (text === 'earliest' || text === 'end') return text
  const offset = /^offset:(\d{1,18})$/.exec(text)?.[1]
  if (offset !== undefined) return { offset: BigInt(offset) }
  return /^\d{12,14}$/.test(text) ? (Number(text) as EpochMs) : parseTime(text)
}

/** The records of a topic between two places as they are now, read in pages while they are asked for. */
export class Span {
  readonly #past: Past
  readonly #topic: string
  readonly #stretches: Stretch[]
  /** How many offsets it spans; some may have no record. */
  readonly size: number

  private constructor(past: Past, topic: string, stretches: Stretch[]) {
    this.#past = past
    this.#topic = topic
    this.#stretches = stretches
    this.size = stretches.reduce((sum, { next, end }) => sum + Number(end - next), 0)
  }

  /** Throws topic-missing or broker-unavailable. */
  static async open(past: Past, topic: string, from: Edge, to: Edge): Promise<Span> {
    const places = async (edge: Edge): Promise<readonly bigint[] | null> =>
      typeof edge === 'object' ? null : await past.offsets(topic, edge)
    const [firsts, ends] = [await past.offsets(topic, 'earliest'), await past.offsets(topic, 'end')]
    const [begins, stops] = [await places(from), await places(to)]
    const stretches = ends.map((last, partition): Stretch => {
      const at = (edge: Edge, found: readonly bigint[] | null): bigint =>
        typeof edge === 'object' ? edge.offset : (found?.[partition] ?? 0n)
      const end = least(at(to, stops), last)
      return { partition, next: least(most(at(from, begins), firsts[partition] ?? 0n), end), end, page: [] }
    })
    return new Span(past, topic, stretches)
  }

  get partitions(): number {
    return this.#stretches.length
  }

  /** How many offsets are passed. */
  get passed(): number {
    return this.size - this.#stretches.reduce((sum, { next, end, page }) => sum + Number(end - next) + page.length, 0)
  }

  /** In the order of each partition, and of all partitions by the times of their records. */
  async *records(): AsyncIterable<Incoming> {
    for (;;) {
      let first: Stretch | null = null
      for (const stretch of this.#stretches) {
        await this.#fill(stretch)
        const [record] = stretch.page
        if (record !== undefined && record.timestamp < (first?.page[0]?.timestamp ?? Infinity)) first = stretch
      }
      const [record, ...rest] = first?.page ?? []
      if (first === null || record === undefined) return
      first.page = rest
      yield record
    }
  }

  async #fill(stretch: Stretch): Promise<void> {
    while (stretch.page.length === 0 && stretch.next < stretch.end) {
      const { partition, next: from, end } = stretch
      const page = await this.#past.page({ topic: this.#topic, partition, from, maxBytes: pageBytes })
      const next = most(page.next, page.first) // what retention has deleted meanwhile is passed
      if (next <= from) return void (stretch.next = end)
      stretch.page = page.records.filter(({ offset }) => offset < end)
      stretch.next = least(next, end)
    }
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b)
