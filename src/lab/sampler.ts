import { now, pause } from '../clock.ts'
import type { Instant } from '../clock.ts'
import { noDeeds } from './behaviour.ts'
import type { Deeds } from './behaviour.ts'
import type { Target } from './gateway.ts'
import { cpuMs, machineCpuMs } from './process.ts'
import type { Series } from './series.ts'

/** What a run looked like at the end of one of its seconds. */
export type Sample = Readonly<{
  deeds: Deeds // in this second
  cpu: Readonly<Record<string, number>> // cores used in this second, by role; `others`: by all else on the machine
  metrics: Series | null // of the gateway
  ready: number | null // status of /readyz
}>
export type Watched = Readonly<{
  target: Pick<Target, 'metrics' | 'readyStatus'>
  deeds: () => Deeds // since the beginning
  pids: () => Readonly<Record<string, readonly number[]>> // by role
}>

/** Looks once a second, from `start` until the signal aborts. */
export async function sample(
  { target, deeds, pids }: Watched,
  start: Instant,
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  await pause(start - now(), signal)
  let before = { at: now(), deeds: deeds(), cpu: used(pids()), machine: machineCpuMs() }
  while (!signal.aborted) {
    await pause(start + (samples.length + 1) * 1_000 - now(), signal)
    const next = { at: now(), deeds: deeds(), cpu: used(pids()), machine: machineCpuMs() }
    const [metrics, ready] = await Promise.all([target.metrics(), target.readyStatus()])
    const ms = Math.max(1, next.at - before.at)
    const cpu = shares(before.cpu, next.cpu, ms)
    const ours = Object.values(cpu).reduce((sum, share) => sum + share, 0)
    const others = Math.max(0, ((next.machine ?? 0) - (before.machine ?? 0)) / ms - ours)
    samples.push({ deeds: difference(before.deeds, next.deeds), cpu: { ...cpu, others }, metrics, ready })
    before = next
  }
  return samples
}

type Used = Readonly<Record<string, ReadonlyMap<number, number>>>

const used = (pids: Readonly<Record<string, readonly number[]>>): Used =>
  Object.fromEntries(Object.entries(pids).map(([role, of]) => [role, new Map(of.map(pid => [pid, cpuMs(pid) ?? 0]))]))

/** Of processes that are new what they have used counts, of those that have ended nothing. */
function shares(before: Used, next: Used, ms: number): Readonly<Record<string, number>> {
  const share = ([role, of]: [string, ReadonlyMap<number, number>]): [string, number] => {
    let spent = 0
    for (const [pid, cpu] of of) spent += Math.max(0, cpu - (before[role]?.get(pid) ?? 0))
    return [role, spent / ms]
  }
  return Object.fromEntries(Object.entries(next).map(share))
}

function difference(before: Deeds, next: Deeds): Deeds {
  const names = Object.keys(noDeeds) as (keyof Deeds)[]
  return Object.fromEntries(names.map(name => [name, next[name] - before[name]])) as Deeds
}
