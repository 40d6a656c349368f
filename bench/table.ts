import type { Sample } from './measure.ts'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Two or three significant digits, with thousands separated; a dash for what is not known. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** The middle, and from where to where. */
export const spread = (values: readonly number[]): string =>
  values.length === 0
    ? '–'
    : `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`

export const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`)

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n')

/** What went wrong in a load, in words; empty when nothing did. */
export function trouble({ load: { errors, crossed, refused } }: Sample): string {
  const statuses = Object.entries(refused).map(([status, count]) => `${count} × ${status}`)
  return [
    ...statuses,
    ...(errors > 0 ? [`${errors} without an answer`] : []),
    ...(crossed > 0 ? [`${crossed} WITH SOMEBODY ELSE'S ANSWER`] : []),
  ].join(', ')
}

/** One line of progress. */
export function line(sample: Sample): string {
  const { name, round, connections, rate, perSecond, cpuUs, memoryMb, load, worker, broker, others } = sample
  const what = rate === null ? `round ${round}  ${String(connections).padStart(3)} connections` : `open loop ${rate}/s`
  const wrong = trouble(sample)
  return (
    `${name.padEnd(11)} ${what.padEnd(24)} ${figure(perSecond).padStart(6)}/s  p50 ${figure(load.p50)}  p99 ${figure(load.p99)}  ` +
    `p99.9 ${figure(load.p999)} ms  ${figure(cpuUs)} µs  ${figure(memoryMb)} MB  generator ${figure(load.cpuUs)} µs ${percent(load.cpuShare)}  ` +
    `worker ${percent(worker)}  broker ${percent(broker)}  others ${percent(others)}${wrong === '' ? '' : `  ${wrong}`}`
  )
}
