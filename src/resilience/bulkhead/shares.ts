/**
 * What the routes of a worker are sure to get of its slots. A share that is not used may be borrowed by anyone; it is given
 * back with the next slots that become free. Line 0 is that of all routes without a share.
 */
export class Shares {
  readonly #lines = new Map<string, number>()
  readonly #percents: number[] = [0]
  readonly #inFlight: number[] = [0]

  /** `shares` are percent of the slots, by route. */
  constructor(shares: ReadonlyMap<string, number>) {
    for (const [route, percent] of shares) {
      if (percent <= 0) continue
      this.#lines.set(route, this.#percents.length)
      this.#percents.push(percent)
      this.#inFlight.push(0)
    }
  }

  get lines(): number {
    return this.#percents.length
  }

  lineOf(route: string): number {
    return this.#lines.size === 0 ? 0 : (this.#lines.get(route) ?? 0)
  }

  enter(line: number): void {
    ;(this.#inFlight[line] as number)++
  }

  leave(line: number): void {
    ;(this.#inFlight[line] as number)--
  }

  /** How many of so many slots the line is sure of. */
  guaranteed(line: number, limit: number): number {
    const percent = this.#percents[line] as number
    return percent === 0 ? 0 : Math.max(1, Math.floor((limit * percent) / 100))
  }

  /** Whether the line has less than it is sure of. */
  owed(line: number, limit: number): boolean {
    return line > 0 && (this.#inFlight[line] as number) < this.guaranteed(line, limit)
  }

  /** By route: for people. */
  state(limit: number): Readonly<Record<string, Readonly<{ guaranteed: number; inFlight: number }>>> {
    return Object.fromEntries(
      [...this.#lines].map(([route, line]) => [
        route,
        { guaranteed: this.guaranteed(line, limit), inFlight: this.#inFlight[line] as number },
      ]),
    )
  }
}
