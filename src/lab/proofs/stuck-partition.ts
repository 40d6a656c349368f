import { partitionOf } from '../../bridge/partition.ts'
import { asides } from '../asides.ts'
import { capacity, usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import { codes, grown, only, part, spanOf } from '../measure.ts'
import { fates, latency, shares } from '../panels.ts'
import { colours } from '../panel.ts'
import type { Column } from '../panel.ts'
import { partitions } from '../play.ts'
import type { Population } from '../population.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import { constant } from '../rate.ts'
import type { Run, Scene } from '../run.ts'
import { firstMs, phasesOf } from '../slices.ts'
import type { Slices } from '../slices.ts'
import { count, figure, note, percent, seconds, share, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const members = 2
const behaviour = { ...usual, places: 5, serviceMs: 20 }
const perSecond = members * capacity(behaviour)
const timeoutMs = 2_000 // of both routes
const patienceMs = timeoutMs + 200
const each = 25 // keyed calls a second for each partition
const keyless = 50 // calls a second
const stuck = 7
const least = 95
const noticedMs = timeoutMs + 1_000
const quickMs = 20
const sliceMs = 100

type Times = Readonly<{ fromMs: number; toMs: number; endMs: number }>
const timesOf = (short: boolean): Times =>
  short ? { fromMs: 5_000, toMs: 17_000, endMs: 30_000 } : { fromMs: 10_000, toMs: 40_000, endMs: 70_000 }

/** So many keys of which the partition is, or is not, the stuck one. */
function keys(inStuck: boolean, count: number): readonly string[] {
  const found: string[] = []
  for (let i = 0; found.length < count; i++)
    if ((partitionOf(Buffer.from(`k${i}`), partitions) === stuck) === inStuck) found.push(`k${i}`)
  return found
}

const noticing = ({ fromMs }: Times): Slices => ({
  name: 'noticing',
  fromMs,
  eachMs: sliceMs,
  count: (2 * noticedMs) / sliceMs,
})
const returning = ({ toMs, endMs }: Times): Slices => ({
  name: 'returning',
  fromMs: toMs,
  eachMs: sliceMs,
  count: (endMs - toMs) / sliceMs,
})

/** Nothing of one partition of twelve is done or answered for a while. */
function scene(times: Times): Scene {
  const { fromMs, toMs, endMs } = times
  const population = (name: string, rate: number, over: Partial<Population>): Population => ({
    name,
    rate: constant(rate, endMs),
    patienceMs,
    ...over,
  })
  return {
    name: 'stuck',
    open: sluice({ routes: { 'add-note': { match: 'POST /notes', command: { to: 'orders' }, timeoutMs } } }),
    members,
    behaviour,
    populations: [
      population('others', (partitions - 1) * each, { keys: keys(false, 1_000) }),
      population('keyless', keyless, { path: '/notes' }),
      population('stuck', each, { keys: keys(true, 100) }),
    ],
    phases: [
      { name: 'calm', fromMs: 0, toMs: fromMs },
      { name: 'during', fromMs, toMs },
      { name: 'noticed', fromMs: fromMs + noticedMs, toMs },
      { name: 'last', fromMs: endMs - 5_000, toMs: endMs },
      ...phasesOf(noticing(times)),
      ...phasesOf(returning(times)),
    ],
    shades: [{ label: `partition ${stuck} is stuck`, fromMs, toMs, fault: true }],
    faults: [
      { atMs: fromMs, do: 'behave', who: 'all', change: { silent: [stuck] } },
      { atMs: toMs, do: 'behave', who: 'all', change: { silent: [] } },
    ],
    possible: () => perSecond,
  }
}

async function prove({ short, play }: Lab): Promise<Proven> {
  const times = timesOf(short)
  const run = await play(scene(times))
  const figures = [...beside(run), ...inside(run, times), ...asides(run, 'stuck')]
  const picture = {
    title: 'One partition of twelve is stuck',
    columns: [columnOfOthers(run), columnOfStuck(run)],
  }
  return { figures, picture }
}

const served = (run: Run, population: string, phase: string): number => {
  const { fates, sent } = part(run, population, phase)
  return percent(fates.served, sent)
}
const of = (run: Run, population: string, phase: string): string => {
  const { fates, sent } = part(run, population, phase)
  return share(fates.served, sent)
}

/** What those see whom it need not concern. */
function beside(run: Run): readonly Figure[] {
  const [others, keyless] = ['others', 'keyless'].map(name => served(run, name, 'during')) as [number, number]
  const changes = grown(run, 'sluice_circuit_changes_total', spanOf(run, 'during'), { circuit: 'orders' })
  const p99 = (phase: string): string => `${part(run, 'others', phase).served.p99} ms`
  return [
    timed('the other partitions: answered in time', `≥ ${least} %`, of(run, 'others', 'during'), others >= least),
    timed('calls without a key: answered in time', `≥ ${least} %`, of(run, 'keyless', 'during'), keyless >= least),
    note('the other partitions: p99 calm and then', `${p99('calm')}, ${p99('during')}`),
    figure('changes of the worker’s circuit', '0', changes, changes === 0),
  ]
}

/** What those see whose keys are in it. */
function inside(run: Run, times: Times): readonly Figure[] {
  const [during, known] = [part(run, 'stuck', 'during'), part(run, 'stuck', 'noticed')]
  const its = only(run, ['stuck'])
  const refused = known.codes['partition-stuck'] ?? 0
  const p99 = known.refused.p99 ?? Infinity
  const noticed = firstMs(its, noticing(times), ({ codes }) => (codes['partition-stuck'] ?? 0) > 0) - times.fromMs
  const back = firstMs(its, returning(times), ({ fates }) => fates.served > 0)
  return [
    timed('the stuck one: noticed', `≤ ${seconds(noticedMs)}`, seconds(noticed), noticed <= noticedMs),
    note('the stuck one: calls that waited in vain until then', count(during.fates.failed - known.fates.failed)),
    timed(
      'the stuck one: then refused, 503 partition-stuck, not-sent',
      `≥ 98 %, the rest are probes`,
      share(refused, known.sent),
      percent(refused, known.sent) >= 98,
    ),
    timed('the stuck one: these refusals p99', `< ${quickMs} ms`, `${p99} ms`, p99 < quickMs),
    note('the stuck one: what its callers got', codes(its, 'during')),
    note('the stuck one: first answer after it works again', seconds(back - times.toMs)),
    timed(
      'the stuck one: answered in time in the end',
      '≥ 99 %',
      of(run, 'stuck', 'last'),
      served(run, 'stuck', 'last') >= 99,
    ),
    figure('replies that came twice', '0', repeated(run), repeated(run) === 0),
  ]
}

const repeated = (run: Run): number => grown(run, 'sluice_replies_total', [1_000, run.lengthMs], { class: 'duplicate' })

function columnOfOthers(run: Run): Column {
  const good = served(run, 'others', 'during')
  return {
    title: 'Calls for the other eleven, and those without a key',
    headline: `${good.toFixed(1)} % answered in time`,
    good: good >= least,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run, ['others', 'keyless']),
      shares(run, { others: colours.good, keyless: colours.first }, 'answered in time, in percent'),
      latency(run, 'others'),
    ],
  }
}

function columnOfStuck(run: Run): Column {
  const { codes, sent } = part(run, 'stuck', 'noticed')
  const refused = percent(codes['partition-stuck'] ?? 0, sent)
  return {
    title: 'Calls for the stuck one',
    headline: `${refused.toFixed(0)} % refused at once, once noticed`,
    good: refused >= 98,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run, 'stuck'),
      shares(run, { stuck: colours.good }, 'answered in time, in percent'),
      latency(run, 'stuck'),
    ],
  }
}

export const stuckPartition: Proof = {
  name: 'stuck-partition',
  title: 'One partition of twelve is stuck, and the others go on',
  about: '',
  prove,
}
