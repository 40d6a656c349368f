import { asides } from '../asides.ts'
import { capacity, usual } from '../behaviour.ts'
import { sluice } from '../gateway.ts'
import type { OpenTarget } from '../gateway.ts'
import { bySecond, codes, deeds, goodput, part, possible, spanOf, within } from '../measure.ts'
import { fates, latency, work } from '../panels.ts'
import type { Column } from '../panel.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import { constant } from '../rate.ts'
import type { Run, Scene } from '../run.ts'
import { count, figure, note, percent, seconds, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'

const members = 2
const behaviour = { ...usual, places: 5, serviceMs: 20 }
const perSecond = members * capacity(behaviour)
const asked = 0.8 * perSecond
const patienceMs = 2_200 // the route gives up at 2,000
const retry = { attempts: 4, baseMs: 100 }
const least = 95
const soonMs = 10_000
const mostLate = 1 // percent
const steadyMs = 3_000

/** Clients that repeat what failed, and workers that stand still for a while. */
function stop(open: OpenTarget, short: boolean): Scene {
  const fromMs = short ? 8_000 : 15_000
  const toMs = fromMs + (short ? 12_000 : 20_000)
  const endMs = toMs + soonMs + (short ? 10_000 : 30_000)
  return {
    name: 'metastable',
    open,
    members,
    behaviour,
    populations: [{ name: 'clients', rate: constant(asked, endMs), patienceMs, retry }],
    phases: [
      { name: 'stopped', fromMs, toMs },
      { name: 'back', fromMs: toMs, toMs: endMs },
      { name: 'later', fromMs: toMs + soonMs, toMs: endMs },
    ],
    shades: [{ label: 'all workers stand still', fromMs, toMs, fault: true }],
    faults: [
      { atMs: fromMs, do: 'freeze', who: 'all' },
      { atMs: toMs, do: 'thaw', who: 'all' },
    ],
    possible: ms => (ms >= fromMs && ms < toMs ? 0 : perSecond),
  }
}

async function prove({ short, play, naive }: Lab): Promise<Proven> {
  const ours = await play(stop(sluice(), short))
  const theirs = naive === null ? null : await play(stop(naive, short))
  const figures = [...judged(ours), ...(theirs === null ? [] : beside(theirs))]
  const columns = [column(ours, 'Sluice'), ...(theirs === null ? [] : [column(theirs, 'a naive gateway')])]
  return { figures, picture: { title: 'The workers stand still, and their clients try again and again', columns } }
}

const share = (run: Run): number => {
  const later = spanOf(run, 'later')
  return percent(goodput(run, later), possible(run, later))
}

/** How long after the return of the workers nearly all that is asked is answered, in each of three seconds on end. */
function recovered(run: Run): number {
  const [fromMs, toMs] = spanOf(run, 'back')
  const [due, served] = [
    bySecond(run, 'all', second => second.asked),
    bySecond(run, 'all', ({ fates }) => fates.served),
  ]
  const isGood = (ms: number): boolean =>
    within(served, [ms, ms + 1_000]) >= (least / 100) * within(due, [ms, ms + 1_000])
  let goodMs = 0
  for (let ms = fromMs; ms < toMs; ms += 1_000) {
    goodMs = isGood(ms) ? goodMs + 1_000 : 0
    if (goodMs === steadyMs) return ms + 1_000 - steadyMs - fromMs
  }
  return Infinity
}

function judged(run: Run): readonly Figure[] {
  const [good, tookMs] = [share(run), recovered(run)]
  const { executed, late, unwanted, dropped } = deeds(run, spanOf(run, 'back'))
  const stopped = part(run, 'clients', 'stopped')
  return [
    timed('nearly all is answered again, after the return', `≤ ${seconds(soonMs)}`, seconds(tookMs), tookMs <= soonMs),
    timed(
      `answered in time from ${seconds(soonMs)} after the return, of what is possible`,
      `≥ ${least} %`,
      `${good.toFixed(1)} %`,
      good >= least,
    ),
    figure(
      'expired commands executed after the return',
      `< ${mostLate} %`,
      `${late} of ${count(executed)}`,
      percent(late, executed) < mostLate,
    ),
    note('found expired and dropped instead', count(dropped)),
    note('executed though the client had gone', count(unwanted)),
    note('while they stood still: requests, and sendings of them', `${count(stopped.asked)}, ${count(stopped.sent)}`),
    note('while they stood still: refusals p99', `${stopped.refused.p99 ?? 0} ms of ${count(stopped.refused.count)}`),
    note('while they stood still: what became of them', codes(run, 'stopped')),
    note('after the return: what was not answered', codes(run, 'back')),
    ...asides(run, 'sluice'),
  ]
}

function beside(run: Run): readonly Figure[] {
  const { executed, unwanted } = deeds(run, spanOf(run, 'back'))
  return [
    note('the naive gateway: nearly all is answered again', seconds(recovered(run))),
    note('the naive gateway: answered in time, of what is possible', `${share(run).toFixed(1)} %`),
    note('the naive gateway: done for nobody after the return', `${percent(unwanted, executed).toFixed(0)} %`),
    ...asides(run, 'the naive gateway'),
  ]
}

function column(run: Run, title: string): Column {
  const tookMs = recovered(run)
  const good = tookMs <= soonMs && share(run) >= least
  return {
    title,
    headline: Number.isFinite(tookMs) ? `recovers in ${seconds(tookMs)}` : 'does not recover',
    good,
    shades: run.scene.shades ?? [],
    panels: [fates(run), work(run), latency(run, 'clients')],
  }
}

export const metastable: Proof = {
  name: 'metastable',
  title: 'The workers stand still for 20 s at 80 % load, and clients repeat what fails',
  about: '',
  prove,
}
