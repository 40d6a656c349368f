/** A record that was begun. */
export type Ticket = { readonly offset: bigint; finished: boolean }

const tidyFrom = 256

/**
 * Records finish in any order, but Kafka commits a position, which means that everything below it is done. Calls `done`
 * with the offset after the finished prefix whenever that grows.
 */
export class Prefix {
  readonly #done: (next: bigint) => void
  #tickets: Ticket[] = [] // in the order of their offsets
  #head = 0

  constructor(done: (next: bigint) => void) {
    this.#done = done
  }

  /** Number of records from the first unfinished one on, which a restart would read again. */
  get span(): number {
    return this.#tickets.length - this.#head
  }

  /** Offsets must rise, but may leave gaps, as compacted and transactional topics do. */
  begin(offset: bigint): Ticket {
    const ticket = { offset, finished: false }
    this.#tickets.push(ticket)
    return ticket
  }

  finish(ticket: Ticket): void {
    ticket.finished = true
    let last: Ticket | undefined
    for (let first = this.#tickets[this.#head]; first?.finished === true; first = this.#tickets[this.#head]) {
      last = first
      this.#head++
    }
    if (last === undefined) return
    if (this.#head >= tidyFrom && this.#head * 2 >= this.#tickets.length) {
      this.#tickets = this.#tickets.slice(this.#head)
      this.#head = 0
    }
    this.#done(last.offset + 1n)
  }
}
