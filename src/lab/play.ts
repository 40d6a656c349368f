import { randomUUID } from 'node:crypto'
import { connect } from '../worker/connect.ts'
import { Crew } from './crew.ts'
import { perform } from './perform.ts'
import { KafkaProxy } from './proxy.ts'
import type { Run, Scene, Stage } from './run.ts'

export const partitions = 12 // of the topic of commands

/** Plays a scene on a stage: starts everything for it, and ends everything. Throws when a process dies that should not. */
export async function play(scene: Scene, stage: Stage): Promise<Run> {
  const { members, behaviour } = scene
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

  const cast = {
    crew,
    replies: proxy === null ? null : { cut: () => proxy.refuse('fetch'), heal: () => proxy.heal() },
    broker: stage.broker,
  }
  const pids = (): Readonly<Record<string, readonly number[]>> => ({
    gateway: [target.pid],
    workers: worker === null ? crew.pids : [worker.pid],
    broker: stage.pids(),
  })
  return await perform(scene, { target, cast, deeds: () => crew.deeds, pids, topic: null }, stage)
}

export async function createTopics(brokers: string, names: readonly string[]): Promise<void> {
  await using broker = await connect({ brokers, clientId: 'sluice-lab' })
  await broker.admin.create(names.map(name => ({ name, partitions, replication: -1, config: {} })))
}
