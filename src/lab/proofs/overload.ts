import { capacity, usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import type { OpenTarget } from '../gateway.ts'
import { codes, cores, deeds, goodput, part, possible } from '../measure.ts'
import { fates, latency, work } from '../panels.ts'
import type { Column } from '../panel.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import type { Run, Scene } from '../run.ts'
import { count, figure, note, percent, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const members = 2
const behaviour = { ...usual, places: 6, serviceMs: 40 }
const perSecond = members * capacity(behaviour)
const calm = 0.4
const patienceMs = 2_200 // the route gives up at 2,000
const queueMs = 100 // longest wait for a slot
const least = 95
const quickMs = 10

type Course = readonly Readonly<{ name: string; label: string; times: number; forMs: number }>[]

/** A load that goes through these heights, in multiples of what the workers can do. */
function course(heights: Course): Pick<Scene, 'populations' | 'phases' | 'shades'> {
  let begun = 0
  const phases = heights.map(({ name, forMs }) => ({ name, fromMs: begun, toMs: (begun += forMs) }))
  return {
    populations: [
      {
        name: 'clients',
        rate: heights.map(({ times, forMs }) => ({ forMs, from: times * perSecond })),
        patienceMs,
      },
    ],
    phases,
    shades: heights.flatMap(({ label, times }, i) => (times > 1 ? [{ label, fault: false, ...span(phases[i]) }] : [])),
  }
}
const span = (phase?: Readonly<{ fromMs: number; toMs: number }>) => ({
  fromMs: phase?.fromMs ?? 0,
  toMs: phase?.toMs ?? 0,
})

const storm = (open: OpenTarget, short: boolean): Scene => ({
  name: 'overload',
  open,
  members,
  behaviour,
  possible: () => perSecond,
  ...course([
    { name: 'calm', label: '', times: calm, forMs: short ? 5_000 : 10_000 },
    { name: 'three', label: '3 × what the workers can do', times: 3, forMs: short ? 6_000 : 60_000 },
    { name: 'ten', label: '10 ×', times: 10, forMs: short ? 6_000 : 60_000 },
    { name: 'after', label: '', times: calm, forMs: short ? 5_000 : 20_000 },
  ]),
})

async function prove({ short, play, naive }: Lab): Promise<Proven> {
  const ours = await play(storm(sluice(), short))
  const theirs = naive === null ? null : await play(storm(naive, short))
  const figures = [
    ...judged(ours, 'three', '3 ×'),
    ...judged(ours, 'ten', '10 ×'),
    ...(theirs === null ? [] : beside(theirs)),
  ]
  const columns = [column(ours, 'Sluice'), ...(theirs === null ? [] : [column(theirs, 'a naive gateway')])]
  return { figures, picture: { title: 'Overload: more is asked than the workers can do', columns } }
}

const phaseOf = (run: Run, name: string): readonly [number, number] => {
  const { fromMs, toMs } = run.scene.phases.find(phase => phase.name === name) ?? { fromMs: 0, toMs: 0 }
  return [fromMs, toMs]
}
const share = (run: Run, phase: string): number => {
  const at = phaseOf(run, phase)
  return percent(goodput(run, at), possible(run, at))
}

/** What is asked of the gateway while too much is asked of the workers. */
function judged(run: Run, phase: string, name: string): readonly Figure[] {
  const [calm, loaded] = [part(run, 'clients', 'calm'), part(run, 'clients', phase)]
  const good = share(run, phase)
  const bound = 2 * (calm.served.p99 ?? 0) + queueMs
  const [p99, refusals] = [loaded.served.p99 ?? Infinity, loaded.refused.p99 ?? 0]
  return [
    timed(`${name}: answered in time, of what is possible`, `≥ ${least} %`, `${good.toFixed(1)} %`, good >= least),
    timed(`${name}: answers p99`, `≤ 2 × ${calm.served.p99} + ${queueMs} ms`, `${p99.toFixed(1)} ms`, p99 <= bound),
    timed(
      `${name}: refusals p99`,
      `< ${quickMs} ms`,
      `${refusals.toFixed(1)} ms of ${count(loaded.refused.count)}`,
      refusals < quickMs,
    ),
    note(`${name}: what was not answered`, codes(run, phase)),
    note(`${name}: done for nobody`, count(deeds(run, phaseOf(run, phase)).unwanted)),
    note(`${name}: cores used`, coresOf(run)),
    figure('answers to somebody else’s request', '0', run.crossed, run.crossed === 0),
    note('the generator itself was late, p99', `${run.late.p99} ms`),
  ]
}

const coresOf = (run: Run): string =>
  Object.entries(cores(run))
    .map(([role, share]) => `${role} ${share.toFixed(2)}`)
    .join(', ')

const beside = (run: Run): readonly Figure[] =>
  ['three', 'ten'].map(phase => {
    const { executed, unwanted } = deeds(run, phaseOf(run, phase))
    return note(
      `the naive gateway at ${phase === 'three' ? 3 : 10} ×`,
      `${share(run, phase).toFixed(1)} % of what is possible; ${percent(unwanted, executed).toFixed(0)} % of the work for nobody`,
    )
  })

function column(run: Run, title: string): Column {
  const good = share(run, 'ten')
  return {
    title,
    headline: `${good.toFixed(0)} % of what is possible at 10 ×`,
    good: good >= least,
    shades: run.scene.shades ?? [],
    panels: [fates(run), work(run), latency(run, 'clients')],
  }
}

export const overload: Proof = {
  name: 'overload',
  title: 'Three and ten times as much is asked as the workers can do',
  about: '',
  prove,
}
