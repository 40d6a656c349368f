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
      const oldest = this.#oldest()
      if (oldest === null) return
      for (let i = 0; i < atOnce && this.#bytes > this.#limit && oldest.drop(); i++);
    }
  }

  #oldest(): Dropping | null {
    let oldest: Dropping | null = null
    for (const log of this.#logs) if (log.oldestAt < (oldest?.oldestAt ?? Infinity)) oldest = log
    return oldest
  }
}
