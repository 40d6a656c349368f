/** Series of a /metrics page by their names and labels, as they are written there. */
export type Series = ReadonlyMap<string, number>

export function parseMetrics(text: string): Series {
  const series = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    series.set(line.slice(0, space), Number(line.slice(space + 1)))
  }
  return series
}

/** Adds up what begins with that name and has all these labels; 0 when there is none. */
export function sum(series: Series, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  let total = 0
  for (const [key, value] of series)
    if ((key === name || key.startsWith(`${name}{`)) && wanted.every(label => key.includes(label))) total += value
  return total
}
