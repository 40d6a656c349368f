import { now } from '../../clock.ts'

type Used = Readonly<{ user: number; system: number }> // microseconds

/** Reads which share of the time since the last reading this thread was given a processor; 1 at the first. */
export function effort(used: () => Used = () => process.threadCpuUsage()): () => number {
  let [at, before] = [now(), used()]
  let isFirst = true
  return () => {
    const [here, after] = [now(), used()]
    const [ms, usedMs] = [here - at, (after.user + after.system - before.user - before.system) / 1_000]
    const share = isFirst || ms <= 0 ? 1 : usedMs / ms
    ;[at, before, isFirst] = [here, after, false]
    return share
  }
}
