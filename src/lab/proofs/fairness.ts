import { asides } from '../asides.ts'
import { capacity, usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import { bySecond, codes, only, part, spanOf, within } from '../measure.ts'
import { fates, latency, shares } from '../panels.ts'
import { colours } from '../panel.ts'
import type { Column } from '../panel.ts'
import type { Population } from '../population.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import { constant } from '../rate.ts'
import type { Run, Scene } from '../run.ts'
import { count, note, percent, share, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const members = 2
const behaviour = { ...usual, places: 5, serviceMs: 20 }
const perSecond = members * capacity(behaviour)
const patienceMs = 2_200 // the route gives up at 2,000
const clients = 100
const header = 'x-priority'
const leastCritical = 99
const mostLost = 5

/** How long it is calm, loaded, and calm again. */
type Lengths = readonly [calmMs: number, loadedMs: number, afterMs: number]
const lengthsOf = (short: boolean): Lengths => (short ? [9_000, 15_000, 3_000] : [10_000, 60_000, 10_000])

/** What a population asks in each of the three, in multiples of what the workers can do. */
const asking = (
  name: string,
  [calm, loaded]: readonly [calm: number, loaded: number],
  [calmMs, loadedMs, afterMs]: Lengths,
  over: Partial<Population> = {},
): Population => ({
  name,
  rate: [
    { forMs: calmMs, from: calm * perSecond },
    { forMs: loadedMs, from: loaded * perSecond },
    { forMs: afterMs, from: calm * perSecond },
  ],
  patienceMs,
  clients,
  ...over,
})

const scene = (
  name: string,
  label: string,
  [calmMs, loadedMs, afterMs]: Lengths,
  populations: readonly Population[],
): Scene => ({
  name,
  open: sluice({ server: { priorityHeader: header } }),
  members,
  behaviour,
  warm: [{ name: 'warm', rate: constant(0.9 * perSecond, 25_000), patienceMs }], // as in a storm
  populations,
  phases: [
    { name: 'calm', fromMs: 0, toMs: calmMs },
    { name: 'loaded', fromMs: calmMs, toMs: calmMs + loadedMs },
    { name: 'after', fromMs: calmMs + loadedMs, toMs: calmMs + loadedMs + afterMs },
  ],
  shades: [{ label, fault: false, fromMs: calmMs, toMs: calmMs + loadedMs }],
  possible: () => perSecond,
})

/** Twice as much as the workers can do; without what may be shed it would be four fifths of it. */
function classes(lengths: Lengths): Scene {
  const of = (name: string, calm: number, loaded: number): Population =>
    asking(name, [calm, loaded], lengths, { headers: { [header]: name } })
  return scene('priority', '2 × what the workers can do', lengths, [
    of('critical', 0.1, 0.2),
    of('normal', 0.2, 0.6),
    of('sheddable', 0.1, 1.2),
  ])
}

/** A hundred clients who ask for half of what the workers can do, and one who asks eight times as much as they do together. */
const crowd = (lengths: Lengths): Scene =>
  scene('noisy', 'one client asks 8 × what all others do', lengths, [
    asking('others', [0.5, 0.5], lengths),
    asking('noisy', [0, 4], lengths, { clients: 1 }),
  ])

async function prove({ short, play }: Lab): Promise<Proven> {
  const lengths = lengthsOf(short)
  const ranked = await play(classes(lengths))
  const noisy = await play(crowd(lengths))
  return {
    figures: [...order(ranked), ...neighbours(noisy)],
    picture: {
      title: 'Fairness: who is served when not all can be',
      columns: [columnOfClasses(ranked), columnOfNoisy(noisy)],
    },
  }
}

const served = (run: Run, population: string, phase: string): number => {
  const { fates, sent } = part(run, population, phase)
  return percent(fates.served, sent)
}

/** In how many seconds of the load a greater share of these was refused than of the sheddable ones. */
function disorder(run: Run, population: string): number {
  const refused = (of: string): readonly number[] => {
    const all = bySecond(run, of, ({ fates }) => fates.served + fates.refused)
    return bySecond(run, of, ({ fates }) => fates.refused).map((n, i) => percent(n, all[i] || Infinity))
  }
  const sheddable = refused('sheddable')
  return within(
    refused(population).map((share, i) => (share > (sheddable[i] ?? 0) ? 1 : 0)),
    spanOf(run, 'loaded'),
  )
}

function order(run: Run): readonly Figure[] {
  const [critical, normal, sheddable] = ['critical', 'normal', 'sheddable'].map(name => served(run, name, 'loaded'))
  const asked = (name: string): number => part(run, name, 'loaded').sent
  const of = (name: string, share = 0): string => `${share.toFixed(2)} % of ${count(asked(name))}`
  const turned = disorder(run, 'critical') + disorder(run, 'normal')
  return [
    timed(
      '2 ×: critical, answered in time',
      `≥ ${leastCritical} %`,
      of('critical', critical),
      (critical ?? 0) >= leastCritical,
    ),
    note('2 ×: normal, answered in time', of('normal', normal)),
    note('2 ×: sheddable, answered in time', of('sheddable', sheddable)),
    timed(
      '2 ×: seconds in which more was refused of critical or normal than of sheddable',
      '0',
      String(turned),
      turned === 0,
    ),
    note('2 ×: critical answers p99', `${part(run, 'critical', 'loaded').served.p99} ms`),
    note('2 ×: what was not answered', codes(run, 'loaded')),
    ...asides(run, '2 ×'),
  ]
}

function neighbours(run: Run): readonly Figure[] {
  const [calm, loaded] = [part(run, 'others', 'calm'), part(run, 'others', 'loaded')]
  const noisy = part(run, 'noisy', 'loaded')
  const lost = 100 - percent(served(run, 'others', 'loaded'), served(run, 'others', 'calm'))
  return [
    timed('noisy: what it costs the others', `< ${mostLost} %`, `${lost.toFixed(2)} %`, lost < mostLost),
    note('noisy: the others, answered in time', share(loaded.fates.served, loaded.sent)),
    note('noisy: the others, p99 calm and then', `${calm.served.p99} ms, ${loaded.served.p99} ms`),
    note('noisy: itself, answered in time', share(noisy.fates.served, noisy.sent)),
    note('noisy: what of the others was not answered', codes(only(run, ['others']), 'loaded')),
    ...asides(run, 'noisy'),
  ]
}

function columnOfClasses(run: Run): Column {
  const critical = served(run, 'critical', 'loaded')
  const names = { critical: colours.good, normal: colours.first, sheddable: colours.limit }
  return {
    title: 'Priority',
    headline: `critical ${critical.toFixed(1)} % answered at 2 ×`,
    good: critical >= leastCritical,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run),
      shares(run, names, 'answered in time, in percent of what each class asked'),
      latency(run, 'critical'),
    ],
  }
}

function columnOfNoisy(run: Run): Column {
  const lost = 100 - percent(served(run, 'others', 'loaded'), served(run, 'others', 'calm'))
  return {
    title: 'One noisy client beside a hundred usual ones',
    headline: `costs the others ${Math.max(0, lost).toFixed(1)} %`,
    good: lost < mostLost,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run),
      shares(run, { others: colours.good, noisy: colours.limit }, 'answered in time, in percent of what they asked'),
      latency(run, 'others'),
    ],
  }
}

export const fairness: Proof = {
  name: 'fairness',
  title: 'Who is served when not all can be: by priority, and whatever a noisy client does',
  about: '',
  prove,
}
