/** A log as far as its oldest record is concerned. */
type Dropping = Readonly<{ oldestAt: number; drop: () => boolean }>

/** What a log keeps at most; the oldest records are dropped first. Bytes count each record's bookkeeping too. */
export type Retention = Readonly<{ records: number; bytes: number; shared?: SharedRetention }>

/** Records dropped of one log before it is asked again which has the oldest: the search must not cost more than the rest. */
const atOnce = 64

/** What all logs keep together at most: the oldest records are dropped first, whichever topic they are of. */
export class SharedRetention {
  readonly #limit: number
  readonly #logs: Dropping[] = []
  #bytes = 0
  #from: Dropping | null = null // had the oldest record when they were last compared
  #left = 0 // records to be dropped of it before they are compared again

  constructor(limit: number) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  join(log: Dropping): void {
    this.#logs.push(log)
  }

  /** So many bytes more are kept, or fewer. */
  count(bytes: number): void {
    this.#bytes += bytes
  }

  /** Drops until everything is within the limit, or every log has nothing but its newest record. */
  enforce(): void {
    while (this.#bytes > this.#limit) {
      if (this.#left-- > 0 && this.#from?.drop() === true) continue
      this.#from = this.#oldest()
      if (this.#from === null) return
      this.#left = atOnce
    }
  }

  #oldest(): Dropping | null {
    let oldest: Dropping | null = null
    for (const log of this.#logs) if (log.oldestAt < (oldest?.oldestAt ?? Infinity)) oldest = log
    return oldest
  }
}
