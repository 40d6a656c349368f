/**
 * The way down to a limit that has fallen below what is in flight. If nobody took the place of those who leave until all that is too
 * much has left, nothing would be begun meanwhile, and who waits would wait in vain, whatever it matters. So while all who were in
 * flight leave, as many take their places as the limit has (proportional rate reduction; Mathis, Dukkipati, Cheng, RFC 6937, 2013).
 */
export class RateReduction {
  #from = 0 // in flight when it began; 0: it is not under way
  #to = 0
  #left = 0
  #passed = 0

  /** Somebody has left: whether the slot may be passed on, with so many still in flight. */
  passes(inFlight: number, limit: number): boolean {
    if (inFlight < limit) {
      this.#from = 0
      return true
    }
    if (this.#from === 0 || this.#to !== limit) this.#begin(inFlight + 1, limit)
    this.#left++
    if (this.#passed >= Math.floor((this.#left * limit) / this.#from)) return false
    this.#passed++
    return true
  }

  #begin(from: number, to: number): void {
    this.#from = from
    this.#to = to
    this.#left = this.#passed = 0
  }
}
