/** What /metrics says, as numbers by name and labels. */
export class Metrics {
  readonly #lines: readonly string[]

  constructor(text: string) {
    this.#lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  }

  /** The sum of all series of that name whose labels include these; 0 when there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    return this.#lines
      .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter(line => wanted.every(label => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }
}
