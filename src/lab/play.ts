import { randomUUID } from 'node:crypto'
import { fromTheWire, pause, wallClock } from '../clock.ts'
import { connect } from '../worker/connect.ts'
import { beside, Child } from './child.ts'
import { Crew } from './crew.ts'
import type { Load, Generated } from './generator.ts'
import type { Target } from './gateway.ts'
import { KafkaProxy } from './proxy.ts'
import { constant, lengthOf } from './rate.ts'
import type { Run, Scene, Stage } from './run.ts'
import { sample } from './sampler.ts'
import { unfold } from './timeline.ts'

type Told = Readonly<{ kind: 'ready' }> | Readonly<{ kind: 'generated'; generated: Generated }>

const soonMs = 500 // until processes have been told of a beginning
const usualWarm = [{ name: 'warm', rate: constant(150, 4_000), patienceMs: 5_000 }]
export const partitions = 12 // of the topic of commands
const usualConnections = 12_000

/** Plays a scene on a stage: starts everything for it, and ends everything. Throws when a process dies that should not. */
export async function play(scene: Scene, stage: Stage): Promise<Run> {
  const {
    members,
    behaviour,
    populations,
    phases,
    warm = usualWarm,
    faults = [],
    seed = 1,
    connections = usualConnections,
  } = scene
  await using held = new AsyncDisposableStack()
  const name = `lab.${scene.name}.${randomUUID().slice(0, 8)}`
  const [commands, replies] = [`${name}.commands`, `${name}.replies`]
  await createTopics(stage.brokers, [commands, replies])
  const proxy = scene.proxied === true ? await KafkaProxy.open(stage.brokers) : null
  if (proxy !== null) held.defer(() => proxy.close())
  const group = scene.worker === undefined ? commands : null // the user's own worker may read without one
  const target = await scene.open({ brokers: proxy?.address ?? stage.brokers, commands, replies, group })
  held.defer(() => target.close())
  const crew = held.use(new Crew({ brokers: stage.brokers, topic: commands, group: commands, behaviour }))
  const worker = (await scene.worker?.(stage.brokers, commands)) ?? null
  if (worker !== null) held.use(worker)
  else await Promise.all(Array.from({ length: members }, (_, number) => crew.join(number)))

  stage.say(`${scene.name} on ${target.name}: warming`)
  const load = { port: target.port, connections, seed }
  await generate(target, { ...load, startAt: wallClock() + soonMs, populations: warm, phases: [] })

  const lengthMs = Math.max(...populations.map(({ rate }) => lengthOf(rate)))
  stage.say(`${scene.name} on ${target.name}: ${Math.round(lengthMs / 1_000)} s of load`)
  const startAt = wallClock() + soonMs
  const start = fromTheWire(startAt)
  const over = new AbortController()
  const generator = new Child<Load, Told>('the generator', [beside('generate.ts')])
  const pids = (): Readonly<Record<string, readonly number[]>> => ({
    gateway: [target.pid],
    generator: [generator.pid],
    workers: worker === null ? crew.pids : [worker.pid],
    broker: stage.pids(),
  })
  const sampling = sample({ target, deeds: () => crew.deeds, pids }, start, over.signal)
  const cast = {
    crew,
    replies: proxy === null ? null : { cut: () => proxy.refuse('fetch'), heal: () => proxy.heal() },
    broker: stage.broker,
  }
  const unfolding = unfold(faults, cast, start, over.signal)
  try {
    const generated = await told(generator, { ...load, startAt, populations, phases })
    await pause(soonMs) // the members' last words
    over.abort()
    return {
      scene,
      target: target.name,
      lengthMs,
      ...generated,
      samples: await sampling,
      happened: await unfolding,
    }
  } finally {
    over.abort()
    await Promise.allSettled([sampling, unfolding])
  }
}

async function generate(target: Target, load: Load): Promise<Generated> {
  return await told(new Child<Load, Told>(`the generator for ${target.name}`, [beside('generate.ts')]), load)
}

async function told(generator: Child<Load, Told>, load: Load): Promise<Generated> {
  await generator.told('ready')
  generator.tell(load)
  const { generated } = await generator.told('generated')
  await generator.gone(2_000)
  return generated
}

async function createTopics(brokers: string, names: readonly string[]): Promise<void> {
  await using broker = await connect({ brokers, clientId: 'sluice-lab' })
  await broker.admin.create(names.map(name => ({ name, partitions, replication: -1, config: {} })))
}
