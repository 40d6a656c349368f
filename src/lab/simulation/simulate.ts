import { parse } from '../../../config/load.ts'
import { format } from '../../../config/mistake.ts'
import { basis } from '../../../config/scenario/basis.ts'
import type { Scenario } from '../../../config/scenario/schema.ts'
import { openWays, partitionsOf } from '../../app.ts'
import { every, fromTheWire, pause, wallClock } from '../../clock.ts'
import { Health } from '../../health.ts'
import { openParts } from '../../parts.ts'
import type { Parts } from '../../parts.ts'
import { prepare } from '../../prepare.ts'
import { noDeeds } from '../behaviour.ts'
import type { Deeds } from '../behaviour.ts'
import { overlaid } from '../gateway.ts'
import type { Overlay } from '../gateway.ts'
import { Generator } from '../generator.ts'
import type { Generated, Load } from '../generator.ts'
import { partitions } from '../topics.ts'
import { seeded } from '../random.ts'
import { resultOf } from '../result.ts'
import type { Result } from '../result.ts'
import type { Run } from '../run.ts'
import type { Sample } from '../sampler.ts'
import { sceneOf } from '../scene.ts'
import { unfold } from '../timeline.ts'
import type { Cast } from '../timeline.ts'
import { ModelBroker } from './broker.ts'
import { Line } from './line.ts'
import type { VirtualTime } from './time.ts'
import { ModelWorkers } from './workers.ts'

export type Asked = Readonly<{ scenario: Scenario; name: string; variant: string; overlay: Overlay }>

/** What does not belong to a simulation: the log, and what the process itself can bear. */
const simulated: Overlay = { log: { level: 'silent', requests: false }, overload: { mode: 'off' } }
const tickMs = 4 // of the generator
const soonMs = 10

/**
 * Plays a scenario in virtual time: the gateway's own policies and bridge, the clients of the laboratory, and a model of broker
 * and workers. There is no HTTP, no network and no CPU that could be short.
 */
export async function simulate({ scenario, name, variant, overlay }: Asked, time: VirtualTime): Promise<Result> {
  const drive = async <T>(work: Promise<T>): Promise<T> => {
    let over = false
    const settled = work.finally(() => (over = true))
    settled.catch(() => {}) // it is told below
    await time.run(() => over)
    return await settled
  }
  const scene = sceneOf(scenario, name)
  const options = overlaid(overlaid(overlaid(basis, simulated), scenario.gateway), overlay)
  const { config, mistakes } = parse(JSON.stringify(options), 'gateway.yaml')
  if (config === null) throw new Error(`The configuration of the gateway does not hold:\n${format(mistakes)}`)
  time.turnTheHour() // as in any other run
  Math.random = seeded(scenario.seed) // of this process, which only simulates: policies draw from it, too
  const held = new AsyncDisposableStack()
  try {
    const { topic } = basis.workers.orders
    const broker = new ModelBroker(topic)
    await broker.admin.create([{ name: topic, partitions, replication: 1, config: {} }])
    const { members, sessionMs } = scenario.workers
    const random = seeded(scenario.seed)
    const staff = { members, behaviour: scene.behaviour, sessionMs }
    const workers = new ModelWorkers(staff, random, (record, status) => broker.answer(record, status))
    broker.employ(workers)
    const parts = await drive(openParts(config, held, { given: broker, front: () => null }))
    const health = new Health(parts)
    const partitionFor = partitionsOf(parts, health)
    const ways = await drive(openWays(parts, health, partitionFor))
    const preparing = new AbortController()
    held.defer(() => preparing.abort())
    await drive(prepare(parts, health, { demo: false, signal: preparing.signal }))
    const way = ways.find(({ route }) => (route.command ?? route.query) !== undefined)
    if (way === undefined)
      throw new Error('The gateway has no route that a worker answers: there is nothing to simulate.')
    const dial = (): Line => new Line({ ...way, partitionFor })
    const generate = async (load: Omit<Load, 'port' | 'connections' | 'seed'>): Promise<Generated> => {
      const generator = new Generator(
        { ...load, port: 0, connections: scenario.connections, seed: scenario.seed },
        { dial, tickMs },
      )
      return await drive(generator.run())
    }
    const { populations, phases, warm = [], faults = [], lengthMs = 0 } = scene
    if (warm.length > 0) await generate({ startAt: wallClock() + soonMs, populations: warm, phases: [] })

    const startAt = wallClock() + soonMs
    const start = fromTheWire(startAt)
    const over = new AbortController()
    const samples: Sample[] = []
    let before: Deeds = workers.done
    const looking = every(1_000, () => {
      samples.push(sampleOf(parts, difference(before, workers.done)))
      before = workers.done
    })
    const unfolding = unfold(faults, castOf(workers, broker), start, over.signal)
    const generated = await generate({ startAt, populations, phases })
    await drive(pause(500))
    over.abort()
    looking[Symbol.dispose]()
    const happened = await drive(unfolding)
    const { ledger: _, ...measured } = generated
    const run: Run = { scene, target: 'simulation', lengthMs, ...measured, samples, happened, ledger: null }
    return resultOf(run, { scenario, spells: scene.spells, name, variant })
  } finally {
    await drive(held.disposeAsync())
  }
}

const sampleOf = ({ workers }: Parts, deeds: Deeds): Sample => {
  const metrics = new Map<string, number>()
  for (const [name, { bulkhead, circuit }] of workers) {
    metrics.set(`sluice_slots{worker="${name}"}`, bulkhead.limit)
    metrics.set(`sluice_in_flight{worker="${name}"}`, bulkhead.inFlight)
    metrics.set(`sluice_circuit_state{circuit="${name}",state="${circuit.state}"}`, 1)
  }
  return { deeds, cpu: {}, metrics, ready: 200 }
}

function difference(before: Deeds, next: Deeds): Deeds {
  const names = Object.keys(noDeeds) as (keyof Deeds)[]
  return Object.fromEntries(names.map(name => [name, next[name] - before[name]])) as Deeds
}

/** What befalls the models. */
function castOf(workers: ModelWorkers, broker: ModelBroker): Cast {
  return {
    crew: {
      freeze: who => workers.freeze(who),
      thaw: who => workers.thaw(who),
      kill: who => workers.kill(who),
      leave: async who => workers.leave(who),
      join: async who => workers.join(who),
      behave: (_who, change) => workers.behave(change),
    },
    replies: null,
    broker: {
      kill: async () => broker.outage(),
      start: async () => broker.restore(),
      pause: async () => broker.pause(),
      resume: async () => broker.resume(),
      loseLeader: async () => broker.acknowledge(false),
      electLeader: async () => broker.acknowledge(true),
    },
  }
}
