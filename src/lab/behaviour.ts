/** How a worker works; may change while it does. */
export type Behaviour = Readonly<{
  /** Commands at once; with `serviceMs` what a member can do: places ÷ serviceMs. */
  places: number
  serviceMs: number
  /** Share of the commands that is answered 500, in percent. */
  errorPercent: number
  /** Partitions of which nothing is done and nothing answered. */
  silent: readonly number[]
  /** Whether it drops what has expired; one that does not is how many are written. */
  obeysExpiry: boolean
}>

export const usual: Behaviour = { places: 10, serviceMs: 20, errorPercent: 0, silent: [], obeysExpiry: true }

/** What a worker can do in a second. */
export const capacity = ({ places, serviceMs }: Behaviour): number => (places * 1_000) / serviceMs

/** What a worker did since it began. `unwanted`: executed after its client had gone. `late`: executed after it had expired. `dropped`: expired, and not executed. */
export type Deeds = Readonly<{
  executed: number
  unwanted: number
  late: number
  dropped: number
  errors: number
  silenced: number
}>
export const noDeeds: Deeds = { executed: 0, unwanted: 0, late: 0, dropped: 0, errors: 0, silenced: 0 }
