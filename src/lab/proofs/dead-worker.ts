import { asides } from '../asides.ts'
import { usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import { codes, deeds, gauge, grown, part } from '../measure.ts'
import { colours } from '../panel.ts'
import { fates, gauges, latency } from '../panels.ts'
import type { Column } from '../panel.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import { constant } from '../rate.ts'
import type { Run, Scene } from '../run.ts'
import { firstMs, phasesOf } from '../slices.ts'
import type { Slices } from '../slices.ts'
import type { Action } from '../timeline.ts'
import { count, failing, figure, note, percent, seconds, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const perSecond = 300
const behaviour = { ...usual, places: 5, serviceMs: 20 }
const patienceMs = 2_200 // the route gives up at 2,000
const silenceMs = 2_500 // until the first silences are known
const slots = 512
const quickMs = 20
const noticedMs = 2_000
const sessionMs = 10_000 // of a member: for so long its group does not miss it
const underWayMs = 100
const warmMs = 15_000 // for so long the heap of V8 grows to its usual size
const eachMs = 100
const flatPercent = 10
const mostLate = 1 // percent
const everyPartition = Array.from({ length: 12 }, (_, partition) => partition)

/** What befalls all the workers, from when to when. `goneMs`: after so long the group is empty; Infinity: it is not. */
type Trouble = Readonly<{
  name: string
  fromMs: number
  toMs: number
  begin: Action
  end: readonly Action[]
  goneMs: number
}>
type Course = Readonly<{ name: string; troubles: readonly Trouble[]; endMs: number }>

/** They hang: members of their group they stay. Later their processes stand still. */
const silent = (short: boolean): Course => {
  const [hang, stop] = short ? [8_000, 34_000] : [15_000, 65_000]
  return {
    name: 'silent',
    troubles: [
      {
        name: 'they hang',
        fromMs: hang,
        toMs: hang + (short ? 12_000 : 25_000),
        begin: { do: 'behave', who: 'all', change: { silent: everyPartition } },
        end: [{ do: 'behave', who: 'all', change: { silent: [] } }],
        goneMs: Infinity,
      },
      {
        name: 'they stand still',
        fromMs: stop,
        toMs: stop + (short ? 14_000 : 30_000),
        begin: { do: 'freeze', who: 'all' },
        end: [{ do: 'thaw', who: 'all' }],
        goneMs: sessionMs,
      },
    ],
    endMs: stop + (short ? 24_000 : 45_000),
  }
}

/** The last of the group leave it, as in a deployment; later they are killed, which their group notices late. */
const absent = (short: boolean): Course => {
  const [leave, kill] = short ? [8_000, 22_000] : [15_000, 35_000]
  const joined: readonly Action[] = [0, 1].map(who => ({ do: 'join', who }))
  return {
    name: 'absent',
    troubles: [
      {
        name: 'they leave',
        fromMs: leave,
        toMs: leave + (short ? 6_000 : 10_000),
        begin: { do: 'leave', who: 'all' },
        end: joined,
        goneMs: 0,
      },
      {
        name: 'they are killed',
        fromMs: kill,
        toMs: kill + (short ? 14_000 : 20_000),
        begin: { do: 'kill', who: 'all' },
        end: joined,
        goneMs: sessionMs,
      },
    ],
    endMs: kill + (short ? 22_000 : 30_000),
  }
}

const goneOf = ({ name, fromMs, toMs }: Trouble): Slices => ({
  name: `${name}: gone`,
  fromMs,
  eachMs,
  count: Math.floor((toMs - fromMs) / eachMs),
})
const backOf = ({ name, toMs }: Trouble, endMs: number): Slices => ({
  name: `${name}: back`,
  fromMs: toMs,
  eachMs,
  count: Math.floor((endMs - toMs) / eachMs),
})
/** When the next trouble begins, or the run ends. */
const restOf = ({ troubles, endMs }: Course, { toMs }: Trouble): number =>
  troubles.find(({ fromMs }) => fromMs > toMs)?.fromMs ?? endMs

function scene(course: Course): Scene {
  const { name, troubles, endMs } = course
  return {
    name,
    open: sluice(),
    members: 2,
    behaviour,
    warm: [{ name: 'warm', rate: constant(perSecond + 100, warmMs), patienceMs: 5_000 }],
    populations: [{ name: 'clients', rate: constant(perSecond, endMs), patienceMs }],
    phases: troubles.flatMap(trouble => {
      const { name, fromMs, toMs, goneMs } = trouble
      const absent = fromMs + goneMs + noticedMs
      return [
        { name: `${name}: first`, fromMs: fromMs - underWayMs, toMs: fromMs + silenceMs },
        { name: `${name}: later`, fromMs: fromMs + silenceMs, toMs },
        { name: `${name}: absent`, fromMs: Math.min(absent, toMs), toMs },
        ...phasesOf(goneOf(trouble)),
        ...phasesOf(backOf(trouble, restOf(course, trouble))),
      ]
    }),
    shades: troubles.map(({ name, fromMs, toMs }) => ({ label: name, fromMs, toMs, fault: true })),
    faults: troubles.flatMap(({ fromMs, toMs, begin, end }) => [
      { atMs: fromMs, ...begin },
      ...end.map(action => ({ atMs: toMs, ...action })),
    ]),
    possible: ms => (troubles.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs) ? 0 : perSecond),
  }
}

async function prove({ short, play }: Lab): Promise<Proven> {
  const figures: Figure[] = []
  const columns: Column[] = []
  for (const [course, title] of [
    [silent(short), 'the workers are there, and silent'],
    [absent(short), 'the workers are gone'],
  ] as const) {
    const run = await play(scene(course))
    const judgements = course.troubles.flatMap(trouble => judged(run, course, trouble))
    figures.push(...judgements, ...asides(run, course.name))
    columns.push(column(run, title, failing(judgements).length === 0))
  }
  return { figures, picture: { title: 'Nobody answers', columns } }
}

function judged(run: Run, course: Course, trouble: Trouble): readonly Figure[] {
  const { name, fromMs, toMs, goneMs } = trouble
  const [first, later] = [part(run, 'clients', `${name}: first`), part(run, 'clients', `${name}: later`)]
  const [victims, laterOnes] = [first, later].map(({ fates }) => fates.failed + fates.gone + fates.lost)
  const probes = grown(run, 'sluice_circuit_probes_total', [fromMs, toMs], { circuit: 'orders' })
  const p99 = later.refused.p99 ?? Infinity
  const { executed, late } = deeds(run, [toMs, restOf(course, trouble)])
  const served = firstMs(run, backOf(trouble, restOf(course, trouble)), ({ fates }) => fates.served > 0) - toMs
  return [
    figure(
      `${name}: slow victims until that is known`,
      `≤ ${slots} slots`,
      count(victims ?? 0),
      (victims ?? 0) <= slots,
    ),
    timed(
      `${name}: later refusals p99`,
      `≤ ${quickMs} ms`,
      `${p99} ms of ${count(later.refused.count)}`,
      p99 <= quickMs,
    ),
    figure(`${name}: later victims, one for each probe`, `≤ ${probes}`, laterOnes ?? 0, (laterOnes ?? 0) <= probes),
    note(`${name}: the first ${silenceMs / 1_000} s, what was not answered`, codes(run, `${name}: first`)),
    note(`${name}: later`, codes(run, `${name}: later`)),
    ...memory(run, trouble),
    ...(goneMs < Infinity ? missed(run, trouble) : []),
    note(`${name}: first answer after the end of that`, seconds(served)),
    figure(
      `${name}: expired commands executed afterwards`,
      `< ${mostLate} %`,
      `${late} of ${count(executed)}`,
      percent(late, executed) < mostLate,
    ),
  ]
}

/** Resident memory in the second half of a trouble. */
function memory(run: Run, { name, fromMs, toMs }: Trouble): readonly Figure[] {
  const all = gauge(run, 'process_resident_memory_bytes').map(bytes => (bytes ?? 0) / 1_048_576)
  const [middle, end] = [(fromMs + toMs) / 2, toMs].map(ms => all[Math.round(ms / 1_000) - 1] ?? 0)
  const grownPercent = (100 * ((end ?? 0) - (middle ?? 0))) / (middle ?? 1)
  return [
    figure(
      `${name}: resident memory, from the middle to the end`,
      `≤ ${flatPercent} % more`,
      `${(middle ?? 0).toFixed(0)} → ${(end ?? 0).toFixed(0)} MiB`,
      grownPercent <= flatPercent,
    ),
  ]
}

/** Whether it is noticed that the group is empty. */
function missed(run: Run, trouble: Trouble): readonly Figure[] {
  const { name, fromMs, goneMs } = trouble
  const noticed = firstMs(run, goneOf(trouble), ({ codes }) => (codes['no-worker'] ?? 0) > 0) - fromMs
  const absent = part(run, 'clients', `${name}: absent`)
  const others = absent.sent - (absent.codes['no-worker'] ?? 0)
  const p99 = absent.refused.p99 ?? Infinity
  const bound = goneMs + noticedMs
  const session = goneMs === 0 ? '' : ', of which 10 are the members’ session'
  return [
    timed(`${name}: first \`no-worker\``, `≤ ${seconds(bound)}${session}`, seconds(noticed), noticed <= bound),
    figure(`${name}: not \`no-worker\` from then on`, '0', `${others} of ${count(absent.sent)}`, others === 0),
    timed(`${name}: \`no-worker\` p99`, `≤ ${quickMs} ms`, `${p99} ms`, p99 <= quickMs),
  ]
}

function column(run: Run, title: string, good: boolean): Column {
  const later = run.scene.phases.filter(({ name }) => name.endsWith(': later'))
  const slowest = Math.max(...later.map(({ name }) => part(run, 'clients', name).refused.p99 ?? 0))
  return {
    title,
    headline: `99 of 100 refused within ${slowest.toFixed(1)} ms`,
    good,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run),
      latency(run, 'clients'),
      gauges(run, 'members of their group, as the gateway sees it', [
        { name: 'members', series: 'sluice_worker_members', colour: colours.first },
      ]),
      gauges(run, 'memory of the gateway, in MiB', [
        { name: 'resident', series: 'process_resident_memory_bytes', scale: 1 / 1_048_576, colour: colours.second },
      ]),
    ],
  }
}

export const deadWorker: Proof = {
  name: 'dead-worker',
  title: 'Nobody answers at 300 requests a second: workers that hang, stand still, leave, or are killed',
  about: '',
  prove,
}
