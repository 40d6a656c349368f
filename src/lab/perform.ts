import { fromTheWire, pause, until, wallClock } from '../clock.ts'
import type { Deeds } from './behaviour.ts'
import { beside, Child } from './child.ts'
import type { FromGenerator, ToGenerator } from './generate.ts'
import type { Generated, Load, Progress } from './generator.ts'
import type { Target } from './gateway.ts'
import { constant, lengthOf } from './rate.ts'
import type { Run, Scene } from './run.ts'
import { sample } from './sampler.ts'
import { unfold } from './timeline.ts'
import type { Cast } from './timeline.ts'

/** All that there is around the clients of a run. */
export type Setting = Readonly<{
  target: Target
  cast: Cast
  deeds: () => Deeds // of the workers, since the beginning
  pids: () => Readonly<Record<string, readonly number[]>> // by role, without the generator
  /** How many commands there are in the topic, by the id of their request; null where nobody reads it. */
  topic: (() => Promise<Readonly<Record<string, number>>>) | null
}>

/** Whoever watches a run, and may end it before its time. */
export type Audience = Readonly<{
  say: (line: string) => void
  progress?: (progress: Progress) => void
  signal?: AbortSignal
}>

const soonMs = 500 // until processes have been told of a beginning
const usualWarm = [{ name: 'warm', rate: constant(150, 4_000), patienceMs: 5_000 }]
const usualConnections = 12_000
type Generator = Child<ToGenerator, FromGenerator>

export const runsFor = ({ populations, lengthMs }: Scene): number =>
  Math.max(lengthMs ?? 0, ...populations.map(({ rate, closed }) => closed?.forMs ?? lengthOf(rate)))

/** Warms, and plays the scene in its setting. */
export async function perform(scene: Scene, setting: Setting, { say, progress, signal }: Audience): Promise<Run> {
  const { populations, phases, warm = usualWarm, faults = [], seed = 1, connections = usualConnections } = scene
  const { target, cast, deeds, topic } = setting
  const load = { port: target.port, connections, seed, ...(target.host !== undefined && { host: target.host }) }
  const clients = new Child<ToGenerator, FromGenerator>('the generator', [beside('generate.ts')])
  using _clients = { [Symbol.dispose]: () => clients.alive && clients.signal('SIGKILL') }
  signal?.addEventListener('abort', () => clients.tell({ kind: 'stop' }), { once: true })
  await clients.told('ready')
  if (warm.length > 0) {
    say(`${scene.name} on ${target.name}: warming`)
    await told(clients, { ...load, startAt: wallClock() + soonMs, populations: warm, phases: [], last: false })
  }
  const lengthMs = runsFor(scene)
  say(`${scene.name} on ${target.name}: ${Math.round(lengthMs / 1_000)} s of load`)
  const startAt = wallClock() + soonMs
  const start = fromTheWire(startAt)
  const over = new AbortController()
  if (progress !== undefined)
    clients.hear(said => {
      if (said.kind === 'progress') progress(said.progress)
    })
  const pids = (): Readonly<Record<string, readonly number[]>> => ({ generator: [clients.pid], ...setting.pids() })
  const sampling = sample({ target, deeds, pids }, start, over.signal)
  const unfolding = unfold(faults, cast, start, over.signal)
  try {
    const ledger = scene.ledger === true && topic !== null
    const asking = signal?.aborted === true ? [] : populations // it was ended while it warmed
    const generated = await told(clients, { ...load, startAt, populations: asking, phases, ledger, last: true })
    if (populations.length === 0) await pause(until(start) + lengthMs, signal) // the load comes from elsewhere
    await pause(soonMs) // the members' last words
    over.abort()
    const { ledger: clientsSay, ...measured } = generated
    const ledgers = clientsSay === null || topic === null ? null : { clients: clientsSay, topic: await topic() }
    const happened = await unfolding
    return {
      scene,
      target: target.name,
      lengthMs,
      ...measured,
      samples: await sampling,
      happened,
      ledger: ledgers,
      interrupted: signal?.aborted === true,
    }
  } finally {
    over.abort()
    await Promise.allSettled([sampling, unfolding])
  }
}

/** One process warms and measures, so that what it compiles while it runs is compiled. */
async function told(generator: Generator, load: Load & Readonly<{ last: boolean }>): Promise<Generated> {
  generator.tell(load)
  const { generated } = await generator.told('generated')
  if (load.last) await generator.gone(2_000)
  return generated
}
