import type { Candidate, Name } from './candidates.ts'
import type { Measured, Task } from './load.ts'
import { machineUs } from './process.ts'
import type { Running } from './process.ts'

/** One load on one candidate, with what it cost everybody. Shares are of a core. */
export type Sample = Readonly<{
  name: Name
  round: number
  connections: number
  rate: number | null // of an open loop
  startMs: number | null
  perSecond: number
  cpuUs: number // of the gateway process, per answer
  cpuShare: number
  memoryMb: number
  worker: number
  broker: number | null
  others: number | null // whatever else runs on the machine: it should be nearly nothing
  load: Measured
}>

/** Who takes part besides the candidate. `brokers` are process ids; none when the cluster is somebody else's. */
export type Cast = Readonly<{ worker: Running; brokers: () => readonly number[]; cpuOf: (pid: number) => number }>
type Clocks = Readonly<{
  gateway: number
  worker: number
  broker: number
  own: number
  machine: number | null
  at: number
}>

/** Puts a load on the candidate, and reads everybody's CPU clock at the borders of what is measured. */
export async function measure(
  candidate: Candidate,
  task: Omit<Task, 'port'>,
  round: number,
  { worker, brokers, cpuOf }: Cast,
): Promise<Sample> {
  const read = (gateway: Running): Clocks => ({
    gateway: gateway.cpuUs(),
    worker: worker.cpuUs(),
    broker: brokers().reduce((sum, pid) => sum + cpuOf(pid), 0),
    own: cpuOf(process.pid),
    machine: machineUs(),
    at: performance.now() * 1_000,
  })
  let begin: Clocks | undefined
  let end: Clocks | undefined
  let memoryMb = 0
  const load = await candidate.load(task, (border, generator) => {
    const gateway = candidate.process ?? generator
    if (border === 'begin') begin = read(gateway)
    else {
      end = read(gateway)
      memoryMb = gateway.memoryMb()
    }
  })
  worker.expectAlive()
  if (begin === undefined || end === undefined) throw new Error('The generator did not say when it measured.')
  const [a, b] = [begin, end]
  const share = (used: number): number => used / (b.at - a.at)
  const known = (of: Clocks): number => of.gateway + of.worker + of.broker + of.own
  const generator = candidate.process === null ? 0 : load.cpuShare
  const everything = a.machine === null || b.machine === null ? null : share(b.machine - a.machine)
  return {
    name: candidate.name,
    round,
    connections: task.connections,
    rate: task.rate ?? null,
    startMs: candidate.startMs,
    perSecond: load.answered / load.seconds,
    cpuUs: (b.gateway - a.gateway) / load.answered,
    cpuShare: share(b.gateway - a.gateway),
    memoryMb,
    worker: share(b.worker - a.worker),
    broker: brokers().length === 0 ? null : share(b.broker - a.broker),
    others:
      everything === null || brokers().length === 0
        ? null
        : Math.max(0, everything - share(known(b) - known(a)) - generator),
    load,
  }
}
