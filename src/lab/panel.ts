/** A line of a panel; values by second, null where there is none. */
export type Line = Readonly<{
  name: string
  colour: string
  values: readonly (number | null)[]
  style?: 'solid' | 'dashed' | 'area'
}>

/** One diagram of a picture: lines over the seconds of a run; areas are stacked. */
export type Panel = Readonly<{
  title: string
  height: number // in pixels
  log?: boolean
  max?: number
  lines: readonly Line[]
}>

/** Panels about one run, below one another, with what is to be seen there in a few words. */
export type Column = Readonly<{
  title: string
  headline: string
  good: boolean | null // green, red, or neither
  shades: readonly Readonly<{ label: string; fromMs: number; toMs: number; fault: boolean }>[]
  panels: readonly Panel[]
}>
export type Picture = Readonly<{ title: string; columns: readonly Column[] }>

/** Hues that can be told apart on white and on black. */
export const colours = {
  good: '#2da44e',
  bad: '#e5534b',
  asked: '#8b949e',
  limit: '#d4882c',
  first: '#4493f8',
  second: '#986ee2',
  third: '#db61a2',
  calm: '#539bf5',
} as const
