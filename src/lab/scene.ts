import { faultNames } from '../../config/scenario/load.ts'
import type { ClientOptions, FaultOptions, Scenario } from '../../config/scenario/schema.ts'
import { partitionOf } from '../bridge/partition.ts'
import { capacity } from './behaviour.ts'
import type { Behaviour } from './behaviour.ts'
import { runsFor } from './perform.ts'
import { identifies } from './template.ts'
import type { Population } from './population.ts'
import { constant, rateAt, steps } from './rate.ts'
import type { Rate } from './rate.ts'
import { partitions } from './topics.ts'
import type { Scene } from './run.ts'
import type { Action, Fault } from './timeline.ts'

/** A fault of the scenario with its name, and when it ends. */
export type Spell = Readonly<{ name: string; label: string; fromMs: number; toMs: number; fault: FaultOptions }>

/** Who asks, what befalls, and what the workers can do: the part of a scene that a scenario says. */
export function sceneOf(scenario: Scenario, name: string): Scene & Readonly<{ spells: readonly Spell[] }> {
  const populations = Object.entries(scenario.clients).map(([of, client]) => populationOf(of, client))
  const behaviour = behaviourOf(scenario)
  const phasesMs = Object.values(scenario.phases).map(({ toMs }) => toMs)
  const faultsMs = scenario.faults.map(({ atMs, forMs = 0 }) => atMs + forMs)
  const bare = { name, populations, lengthMs: Math.max(0, ...phasesMs, ...faultsMs) }
  const scene = { ...bare, members: scenario.workers.members, behaviour, phases: [], possible: () => 0 }
  const lengthMs = runsFor(scene)
  const spells = spellsOf(scenario, lengthMs)
  const phases = [
    { name: 'whole', fromMs: 0, toMs: lengthMs },
    ...Object.entries(scenario.phases).map(([name, span]) => ({ name, ...span })),
    ...spells.map(({ name, fromMs, toMs }) => ({ name, fromMs, toMs })),
  ]
  return {
    ...scene,
    lengthMs,
    spells,
    phases,
    shades: spells.map(({ label, fromMs, toMs }) => ({ label, fromMs, toMs, fault: true })),
    faults: spells.flatMap(spell => actions(spell, scenario, behaviour, lengthMs)),
    possible: ms => possible(scenario, behaviour, spells, ms),
    warm: scenario.warmMs === 0 ? [] : warmOf(populations, scenario),
    connections: scenario.connections,
    seed: scenario.seed,
    ledger: scenario.ledger && populations.some(({ request }) => request !== undefined && identifies(request)),
  }
}

const rateOf = (load: ClientOptions['load']): Rate =>
  (load ?? []).flatMap(({ forMs, perSecond = 0, to, steps: heights }): Rate => {
    if (heights !== undefined) return steps(heights, forMs / heights.length)
    return [{ forMs, from: perSecond, ...(to !== undefined && { to }) }]
  })

export function populationOf(name: string, client: ClientOptions): Population {
  const { load, arrivals, closed, request, patienceMs, retry, addresses, hotPercent } = client
  const keys = client.partitions === undefined ? client.keys : keysIn(client.partitions, client.keys)
  return {
    name,
    rate: rateOf(load),
    even: arrivals === 'constant',
    closed,
    request,
    patienceMs,
    clients: addresses,
    hotPercent,
    ...(keys !== undefined && { keys }),
    ...(retry !== undefined && { retry }),
  }
}

/** So many keys whose commands come into these partitions. */
function keysIn(wanted: readonly number[], count = 1_000): readonly string[] {
  const found: string[] = []
  for (let i = 0; found.length < count; i++)
    if (wanted.includes(partitionOf(Buffer.from(`k${i}`), partitions))) found.push(`k${i}`)
  return found
}

/** A load before the beginning that is asked for as the scenario's is, but for little, and of no key in particular. */
function warmOf(populations: readonly Population[], { warmMs, warmPerSecond }: Scenario): readonly Population[] {
  const mostAtFirst = 150
  return populations.slice(0, 1).map(of => {
    const asked = of.closed === undefined ? rateAt(of.rate, 0) : mostAtFirst
    const { closed: _, retry: __, hotPercent: ___, ...bare } = of
    const perSecond = warmPerSecond ?? Math.min(mostAtFirst, Math.max(20, asked))
    return { ...bare, mark: 'warm-', rate: constant(perSecond, warmMs) }
  })
}

export function behaviourOf({ workers }: Scenario): Behaviour {
  const { concurrency, serviceMs, spread, errorPercent, silentPercent, silentPartitions, keys, obeysExpiry } = workers
  const { slowStart } = workers
  const silent = silentPartitions
  return { places: concurrency, serviceMs, spread, errorPercent, silentPercent, silent, keys, obeysExpiry, slowStart }
}

export function spellsOf({ faults }: Scenario, lengthMs: number): readonly Spell[] {
  const names = faultNames(faults)
  return faults.map((fault, i) => ({
    name: names[i] ?? '',
    label: labelOf(fault),
    fromMs: fault.atMs,
    toMs: fault.forMs === undefined ? lengthMs : Math.min(lengthMs, fault.atMs + fault.forMs),
    fault,
  }))
}

const people = (who: number | 'all'): string => (who === 'all' ? 'all workers' : `worker ${who}`)

/** What befalls, in a few words. */
export function labelOf({ workers, freeze, kill, leave, broker, network, gateway }: FaultOptions): string {
  if (freeze !== undefined) return `${people(freeze)} stand${freeze === 'all' ? '' : 's'} still`
  if (kill !== undefined) return `${people(kill)} killed`
  if (leave !== undefined) return `${people(leave)} away`
  if (broker !== undefined)
    return { down: 'broker down', pause: 'broker stands still', 'no-leader': 'no leader' }[broker]
  if (network?.cut === true) return network.replies ? 'replies cut' : 'network cut'
  if (network !== undefined) return 'slow network'
  if (gateway !== undefined) return `${gateway.kind} ${gateway.percent} %`
  const { serviceMs, errorPercent, silentPercent, concurrency, silentPartitions } = workers ?? {}
  if (serviceMs !== undefined) return `workers take ${serviceMs} ms`
  if (errorPercent !== undefined) return `${errorPercent} % errors`
  if (silentPercent !== undefined) return `${silentPercent} % silence`
  if (silentPartitions !== undefined) return `partition ${silentPartitions.join(', ')} silent`
  return concurrency === undefined ? 'workers change' : `${concurrency} at once`
}

/** What it does to workers, as a change of their behaviour. */
export function changeOf({ workers }: FaultOptions): Partial<Behaviour> {
  const { concurrency, serviceMs, spread, errorPercent, silentPercent, silentPartitions, keys } = workers ?? {}
  return {
    ...(concurrency !== undefined && { places: concurrency }),
    ...(serviceMs !== undefined && { serviceMs }),
    ...(spread !== undefined && { spread }),
    ...(errorPercent !== undefined && { errorPercent }),
    ...(silentPercent !== undefined && { silentPercent }),
    ...(silentPartitions !== undefined && { silent: silentPartitions }),
    ...(keys !== undefined && { keys }),
  }
}

/** What is done at its beginning, and what at its end. */
function actions(spell: Spell, scenario: Scenario, usual: Behaviour, lengthMs: number): readonly Fault[] {
  const { fault, name, fromMs, toMs } = spell
  const { freeze, kill, leave, broker, network, gateway } = fault
  const both = (begin: Action, ...ends: readonly Action[]): readonly Fault[] => [
    { ...begin, atMs: fromMs },
    ...(toMs < lengthMs ? ends.map((end): Fault => ({ ...end, atMs: toMs })) : []),
  ]
  const back = (who: number | 'all'): readonly Action[] =>
    (who === 'all' ? Array.from({ length: scenario.workers.members }, (_, i) => i) : [who]).map(who => ({
      do: 'join',
      who,
    }))
  if (freeze !== undefined) return both({ do: 'freeze', who: freeze }, { do: 'thaw', who: freeze })
  if (kill !== undefined) return both({ do: 'kill', who: kill }, ...back(kill))
  if (leave !== undefined) return both({ do: 'leave', who: leave }, ...back(leave))
  if (broker === 'down') return both({ do: 'kill-broker' }, { do: 'start-broker' })
  if (broker === 'pause') return both({ do: 'pause-broker' }, { do: 'resume-broker' })
  if (broker === 'no-leader') return both({ do: 'lose-leader' }, { do: 'elect-leader' })
  if (network?.replies === true) return both({ do: 'cut-replies' }, { do: 'heal-replies' })
  if (network !== undefined) {
    const { between } = network
    return both({ do: 'network', between, as: network }, { do: 'network', between, as: null })
  }
  if (gateway !== undefined) return both({ do: 'rule', name, as: gateway }, { do: 'rule', name, as: null })
  const change = changeOf(fault)
  const before = Object.fromEntries(Object.keys(change).map(key => [key, usual[key as keyof Behaviour]]))
  return both({ do: 'behave', who: 'all', change }, { do: 'behave', who: 'all', change: before })
}

/** What the workers can do at a moment, in commands a second. */
function possible({ workers }: Scenario, usual: Behaviour, spells: readonly Spell[], ms: number): number {
  let { members } = workers
  let behaviour = usual
  for (const { fault, fromMs, toMs } of spells) {
    if (ms < fromMs || ms >= toMs) continue
    const gone = fault.freeze ?? fault.kill ?? fault.leave
    if (gone !== undefined) members = gone === 'all' ? 0 : Math.max(0, members - 1)
    if (fault.broker !== undefined || fault.network?.cut === true) return 0
    behaviour = { ...behaviour, ...changeOf(fault) }
  }
  return members * capacity(behaviour)
}
