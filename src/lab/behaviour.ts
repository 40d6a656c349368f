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
  /** How the time of a command is distributed around `serviceMs`. Default: `fixed`. */
  spread?: Spreading
  /** Share of the commands that is never answered, in percent. Default: 0. */
  silentPercent?: number
  /** What is different for some keys. */
  keys?: Readonly<Record<string, PerKey>>
  /** A member that has just come takes so many times as long, and gets quicker evenly. */
  slowStart?: Readonly<{ forMs: number; factor: number }> | undefined
}>
export type Spreading = 'fixed' | 'uniform' | 'exponential' | 'lognormal'
export type PerKey = Readonly<{ serviceMs?: number | undefined; errorPercent?: number | undefined; silent: boolean }>

export const usual: Behaviour = { places: 10, serviceMs: 20, errorPercent: 0, silent: [], obeysExpiry: true }

/** Draws how long a command takes that takes `meanMs` on average. */
export function drawMs(meanMs: number, spread: Spreading, random: () => number): number {
  if (spread === 'fixed') return meanMs
  if (spread === 'uniform') return 2 * meanMs * random()
  if (spread === 'exponential') return -meanMs * Math.log(1 - random())
  // Box and Muller, 1958; σ = 1, whose mean is e^½ times its median
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return meanMs * Math.exp(normal - 0.5)
}

/** How many times as long a command takes of a member that came so long ago. */
export const slowness = ({ slowStart }: Behaviour, sinceMs: number): number =>
  slowStart === undefined || sinceMs >= slowStart.forMs
    ? 1
    : slowStart.factor - ((slowStart.factor - 1) * sinceMs) / slowStart.forMs

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
