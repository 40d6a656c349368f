import type { Incoming } from '../broker.ts'

export type WindowBound = Readonly<{ records: number; bytes: number }>

/** The latest records of one partition: whoever was away for a moment is served from memory. */
export class Window {
  readonly #bound: WindowBound
  #records: Incoming[] = []
  #dropped = 0
  #bytes = 0
  #first: number
  #next: number

  constructor(start: number, bound: WindowBound) {
    this.#first = start
    this.#next = start
    this.#bound = bound
  }

  /** From here on nothing is missing. */
  get first(): number {
    return this.#first
  }

  /** The offset after the last record. */
  get next(): number {
    return this.#next
  }

  push(record: Incoming): void {
    this.#records.push(record)
    this.#bytes += sizeOf(record)
    this.#next = Number(record.offset) + 1
    while (
      this.#records.length - this.#dropped > this.#bound.records ||
      (this.#bytes > this.#bound.bytes && this.#dropped < this.#records.length)
    )
      this.#drop()
    if (this.#dropped < 256 || this.#dropped * 2 < this.#records.length) return
    this.#records = this.#records.slice(this.#dropped)
    this.#dropped = 0
  }

  /** Nothing stands from here to below `next`. */
  advance(next: number): void {
    this.#next = Math.max(this.#next, next)
  }

  /** The log was made anew, or deleted under us: what we have is of no use. */
  restart(at: number): void {
    this.#records = []
    this.#dropped = 0
    this.#bytes = 0
    this.#first = at
    this.#next = at
  }

  /** The records from an offset on, which must not be below `first`. */
  *from(offset: number): Iterable<Incoming> {
    for (let at = this.#search(offset); at < this.#records.length; at++) yield this.#records[at] as Incoming
  }

  /** How many bytes stand from an offset on. */
  weight(offset: number): number {
    let sum = 0
    for (const record of this.from(offset)) sum += sizeOf(record)
    return sum
  }

  /** Where in the list the first record at or after the offset stands: offsets may be missing. */
  #search(offset: number): number {
    let low = this.#dropped
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (Number(this.#records[middle]?.offset) < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #drop(): void {
    const record = this.#records[this.#dropped] as Incoming
    this.#records[this.#dropped++] = undefined as unknown as Incoming
    this.#bytes -= sizeOf(record)
    this.#first = Number(record.offset) + 1
  }
}

const overhead = 200

export function sizeOf({ key, value, headers }: Incoming): number {
  let sum = overhead + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, content] of headers) sum += name.length + content.length
  return sum
}
