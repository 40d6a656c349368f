/**
 * One thing that was asked for and what was measured of it; `holds` is null where nothing is asked. `timed`: measured by a
 * clock, so that it can also fail because the machine was busy elsewhere; such a run is repeated before it counts.
 */
export type Figure = Readonly<{
  name: string
  asked: string
  measured: string
  holds: boolean | null
  timed?: boolean
}>

export const figure = (name: string, asked: string, measured: string | number, holds: boolean): Figure => ({
  name,
  asked,
  measured: String(measured),
  holds,
})

export const timed = (name: string, asked: string, measured: string, holds: boolean): Figure => ({
  ...figure(name, asked, measured, holds),
  timed: true,
})

export const failing = (figures: readonly Figure[]): readonly Figure[] => figures.filter(({ holds }) => holds === false)

/** For the reader only. */
export const note = (name: string, measured: string): Figure => ({ name, asked: '', measured, holds: null })

/** A figure that must be nothing: how many there are, and the first of them. */
export const none = (name: string, asked: string, of: number, wrong: readonly string[]): Figure =>
  figure(name, asked, `${wrong.length} of ${count(of)}${wrong.length === 0 ? '' : `: ${wrong[0]}`}`, wrong.length === 0)

export const count = (n: number): string => n.toLocaleString('en-US')
export const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'never')
export const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (100 * part) / whole)
export const share = (part: number, whole: number): string => `${percent(part, whole).toFixed(1)} % of ${count(whole)}`

/** The figures of one story as a table for people. */
export function table(title: string, figures: readonly Figure[]): string {
  const rows = figures.map(({ name, asked, measured, holds }) => [
    holds === null ? '' : holds ? 'holds' : 'FAILS',
    name,
    asked,
    measured,
  ])
  const all = [['', title, 'asked', 'measured'], ...rows]
  const widths = [0, 1, 2].map(column => Math.max(...all.map(row => row[column]?.length ?? 0)))
  return all
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
