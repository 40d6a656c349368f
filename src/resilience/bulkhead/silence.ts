/**
 * Slots that calls without an answer have given back. They are kept until the worker is heard of: whoever got one would most
 * likely wait in vain for as long. Not where the conclusion is drawn already, as by an open circuit, which refuses at once.
 */
export class Silence {
  readonly #concluded: () => boolean
  #slots = 0

  constructor(concluded: () => boolean) {
    this.#concluded = concluded
  }

  /** How many are kept. */
  get slots(): number {
    return this.#slots > 0 && !this.#concluded() ? this.#slots : 0
  }

  /** A call has ended without an answer. */
  keep(): void {
    this.#slots++
  }

  /** There was an answer, or nobody is left who could get one. */
  end(): void {
    this.#slots = 0
  }
}
