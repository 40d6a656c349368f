import type { ReplyTimes } from './replytimes.ts'

/** What a window has seen: of the middle half of its replies the time, and the floors of the routes that they are of. */
export type Middle = Readonly<{
  sampleMs: number
  floorMs: number
  known: boolean // the floors of all these routes were known before
  routes: ReadonlyMap<ReplyTimes, Sum>
}>
type Sum = Readonly<{ ms: number; count: number }>

const telling = 4 // replies of a route that are its floor, where nothing queues

/**
 * The middle half of the samples, by how much longer they took than at rest: where members of the worker's group are not equally
 * busy, a median jumps between them. Of `members` calls those that have not ended yet are slower than all samples.
 */
export function middleOf(samples: Float64Array, of: readonly ReplyTimes[], members: number): Middle {
  const msOf = (i: number): number => samples[i] as number
  const timesOf = (i: number): ReplyTimes => of[i] as ReplyTimes
  const atRestMs = (i: number): number => timesOf(i).floor.or(msOf(i)) // unknown: it is taken for at rest
  const order = Array.from(samples, (_, i) => i)
  order.sort((a, b) => msOf(a) - atRestMs(a) - (msOf(b) - atRestMs(b)) || msOf(a) - msOf(b))
  const all = Math.max(samples.length, members)
  const quarter = all >> 2
  const middle = order.slice(quarter, Math.max(quarter + 1, all - quarter))
  const routes = new Map<ReplyTimes, Sum>()
  let [sum, floors, known] = [0, 0, true]
  for (const i of middle) {
    const times = timesOf(i)
    const { ms, count } = routes.get(times) ?? { ms: 0, count: 0 }
    routes.set(times, { ms: ms + msOf(i), count: count + 1 })
    sum += msOf(i)
    floors += atRestMs(i)
    known &&= times.floor.ms < Infinity
  }
  return { sampleMs: sum / middle.length, floorMs: floors / middle.length, known, routes }
}

/** A reading of the floors that may hold some waiting. */
export function see({ routes }: Middle): void {
  for (const [times, { ms, count }] of routes) times.see(ms, count)
}

/** A reading that holds no waiting: it counts for more than all before it, where it is not of a call or two. */
export function restart({ routes }: Middle): void {
  for (const [times, { ms, count }] of routes)
    if (count >= telling || routes.size === 1) times.floor.restart(ms / count)
    else times.see(ms, count)
}

/** What the middle half would have taken where nothing queues. */
export function floorOf({ routes }: Middle): number {
  let [floors, calls] = [0, 0]
  for (const [{ floor }, { ms, count }] of routes) {
    floors += floor.or(ms / count) * count
    calls += count
  }
  return floors / calls
}
