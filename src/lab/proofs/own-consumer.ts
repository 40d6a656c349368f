import { asides } from '../asides.ts'
import { usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import { codes, gauge, grown, part, spanOf } from '../measure.ts'
import { colours } from '../panel.ts'
import { fates, gauges, latency } from '../panels.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import { constant } from '../rate.ts'
import type { Run, Scene } from '../run.ts'
import { firstMs, phasesOf } from '../slices.ts'
import type { Slices } from '../slices.ts'
import { count, failing, figure, none, note, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const perSecond = 300
const patienceMs = 2_200 // the route gives up at 2,000
const quickMs = 50
const soonMs = 2_000
const hiccupMs = 1_000
const eachMs = 10
const sureSeconds = 4 // so long it may take the broker's fault for everybody's

type Times = Readonly<{ cutMs: number; healMs: number; hiccupMs: number; healedMs: number; endMs: number }>

function timesOf(short: boolean): Times {
  const cutMs = short ? 8_000 : 15_000
  const healMs = cutMs + (short ? 5_000 : 15_000)
  const again = healMs + (short ? 5_000 : 10_000)
  return { cutMs, healMs, hiccupMs: again, healedMs: again + hiccupMs, endMs: again + (short ? 5_000 : 10_000) }
}

const noticing = ({ cutMs }: Times): Slices => ({ name: 'noticing', fromMs: cutMs, eachMs, count: 50 })
const healing = ({ healMs }: Times): Slices => ({ name: 'healing', fromMs: healMs, eachMs, count: 300 })

/** The reader of the replies is cut off, and each connection that would replace it; later once more, for a second. */
function scene(times: Times): Scene {
  const { cutMs, healMs, healedMs, endMs } = times
  return {
    name: 'own-consumer',
    open: sluice(),
    proxied: true,
    members: 2,
    behaviour: { ...usual, places: 5, serviceMs: 20 },
    populations: [{ name: 'clients', rate: constant(perSecond, endMs), patienceMs }],
    phases: [
      { name: 'calm', fromMs: 0, toMs: cutMs - 200 },
      { name: 'under way', fromMs: cutMs - 200, toMs: cutMs + quickMs },
      { name: 'dead', fromMs: cutMs + quickMs, toMs: healMs },
      { name: 'well', fromMs: healMs + soonMs, toMs: times.hiccupMs - 200 },
      { name: 'hiccup', fromMs: times.hiccupMs - 200, toMs: healedMs },
      { name: 'after', fromMs: healedMs + soonMs, toMs: endMs },
      ...phasesOf(noticing(times)),
      ...phasesOf(healing(times)),
    ],
    shades: [
      { label: 'no replies', fromMs: cutMs, toMs: healMs, fault: true },
      { label: '', fromMs: times.hiccupMs, toMs: healedMs, fault: true },
    ],
    faults: [
      { atMs: cutMs, do: 'cut-replies' },
      { atMs: healMs, do: 'heal-replies' },
      { atMs: times.hiccupMs, do: 'cut-replies' },
      { atMs: healedMs, do: 'heal-replies' },
    ],
    possible: () => perSecond,
  }
}

async function prove({ short, play }: Lab): Promise<Proven> {
  const times = timesOf(short)
  const run = await play(scene(times))
  const figures = [...judged(run, times), ...asides(run, 'sluice')]
  const column = {
    title: 'Sluice',
    headline: `refuses within ${part(run, 'clients', 'dead').refused.p99?.toFixed(1)} ms, ${opened(run) === 0 ? 'and blames no worker' : 'and blames the worker'}`,
    good: failing(figures).length === 0,
    shades: run.scene.shades ?? [],
    panels: [
      fates(run),
      latency(run, 'clients'),
      gauges(run, 'what the gateway says of itself', [
        { name: 'ready: 1 or 0', series: 'sluice_ready', colour: colours.first },
      ]),
    ],
  }
  const title = 'The gateway does not hear the replies'
  return { figures, picture: { title, columns: [column] } }
}

/** Changes of the worker's circuit, from the first second to the last. */
const opened = (run: Run): number =>
  grown(run, 'sluice_circuit_changes_total', [1_000, run.lengthMs], { circuit: 'orders' })

function judged(run: Run, times: Times): readonly Figure[] {
  const [dead, underWay, hiccup] = [
    part(run, 'clients', 'dead'),
    part(run, 'clients', 'under way'),
    part(run, 'clients', 'hiccup'),
  ]
  const noticed = firstMs(run, noticing(times), ({ fates }) => fates.refused > 0) - times.cutMs
  const back = firstMs(run, healing(times), ({ fates }) => fates.served > 0) - times.healMs
  const p99 = dead.refused.p99 ?? Infinity
  const others = dead.sent - dead.fates.refused
  const [fromSecond, toSecond] = spanOf(run, 'dead').map(ms => Math.round(ms / 1_000))
  const said = run.samples.map(({ ready }, i) => `${ready} and ${gauge(run, 'sluice_ready')[i]}`)
  const saidLate = said.slice(fromSecond, toSecond).slice(sureSeconds)
  return [
    timed('the first refusal after the cut', `≤ ${quickMs} ms`, `${noticed} ms`, noticed <= quickMs),
    timed('503 while it is dead, p99', `≤ ${quickMs} ms`, `${p99} ms of ${count(dead.refused.count)}`, p99 <= quickMs),
    figure('of those asked then, not refused as `not-sent`', '0', `${others} of ${count(dead.sent)}`, others === 0),
    note('with which codes', codes(run, 'dead')),
    figure('changes of the worker’s circuit', '0', opened(run), opened(run) === 0),
    none(
      `not 503 at /readyz and sluice_ready 0, seconds of the outage but its first ${sureSeconds}`,
      '0',
      saidLate.length,
      saidLate.filter(both => both !== '503 and 0'),
    ),
    timed('answered again after it could live', `≤ ${soonMs} ms`, `${back} ms`, back <= soonMs),
    ...(['well', 'after'] as const).map(phase => {
      const { sent, fates } = part(run, 'clients', phase)
      return figure(
        `not answered later (${phase})`,
        '0',
        `${sent - fates.served} of ${count(sent)}`,
        sent === fates.served,
      )
    }),
    note('under way at the cut: asked in the 200 ms before', fatesOf(underWay)),
    note(`asked around a cut of ${hiccupMs / 1_000} s`, fatesOf(hiccup)),
    note(
      'most calls that held a slot',
      String(Math.max(0, ...gauge(run, 'sluice_in_flight').map(value => value ?? 0))),
    ),
  ]
}

const fatesOf = ({ fates }: ReturnType<typeof part>): string =>
  Object.entries(fates)
    .filter(([, n]) => n > 0)
    .map(([fate, n]) => `${n} ${fate}`)
    .join(', ')

export const ownConsumer: Proof = {
  name: 'own-consumer',
  title: 'Our own reader of the replies dies',
  about: '',
  prove,
}
