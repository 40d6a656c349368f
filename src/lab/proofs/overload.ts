import { asides } from '../asides.ts'
import { sluice } from '../gateway.ts'
import { bySecond, codes, deeds, goodput, grown, part, possible, spanOf } from '../measure.ts'
import type { Span } from '../measure.ts'
import { fates, latency, work } from '../panels.ts'
import type { Column } from '../panel.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import type { Run } from '../run.ts'
import { count, note, percent, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'
import { climb, hot, lost, perSecond, storm } from './storms.ts'

const queueMs = 100 // longest wait for a slot
const least = 95
const quickMs = 10
const leastOfPeak = 80
const peakSeconds = 3
const tops = [20_000, 40_000, 80_000] // a second

async function prove({ short, play, naive, worker }: Lab): Promise<Proven> {
  const ours = await play(storm(sluice(), short))
  const theirs = naive === null ? null : await play(storm(naive, short))
  const [half, key] = [await play(lost(short)), await play(hot(short))]
  const climbed = worker === null ? null : await climbing(top => play(climb(worker, short, top)))
  const figures = [
    ...judged(ours, 'three', '3 ×'),
    ...judged(ours, 'ten', '10 ×'),
    ...asides(ours, '3 × and 10 ×'),
    ...(theirs === null ? [] : beside(theirs)),
    ...judged(half, 'whole', '3 ×, half of the workers die in the middle'),
    note('from then on: answered in time, of what is possible', `${shareOf(half, 'lost').toFixed(1)} %`),
    ...asides(half, 'half dead'),
    ...judged(key, 'hot', '3 ×, a fifth for one key'),
    ...asides(key, 'one key'),
    ...(climbed === null ? [] : [...own(climbed), ...asides(climbed, 'the process itself')]),
  ]
  const columns = [column(ours, 'Sluice'), ...(theirs === null ? [] : [column(theirs, 'a naive gateway')])]
  return { figures, picture: { title: 'Overload: more is asked than the workers can do', columns } }
}

const shareOf = (run: Run, phase: string): number => {
  const at = spanOf(run, phase)
  return percent(goodput(run, at), possible(run, at))
}

/** What is asked of the gateway while too much is asked of the workers. */
function judged(run: Run, phase: string, name: string): readonly Figure[] {
  const [calm, loaded] = [part(run, 'clients', 'calm'), part(run, 'clients', phase)]
  const good = shareOf(run, phase)
  const bound = 2 * (calm.served.p99 ?? 0) + queueMs
  const [p99, refusals] = [loaded.served.p99 ?? Infinity, loaded.refused.p99 ?? 0]
  return [
    timed(`${name}: answered in time, of what is possible`, `≥ ${least} %`, `${good.toFixed(1)} %`, good >= least),
    timed(`${name}: answers p99`, `≤ 2 × ${calm.served.p99} + ${queueMs} ms`, `${p99.toFixed(1)} ms`, p99 <= bound),
    timed(
      `${name}: refusals p99`,
      `< ${quickMs} ms`,
      `${refusals.toFixed(1)} ms of ${count(loaded.refused.count)}; p90 ${loaded.refused.p90 ?? 0} ms`,
      refusals < quickMs,
    ),
    note(`${name}: within ${quickMs} ms of having been read`, inHand(run, spanOf(run, phase))),
    note(`${name}: what was not answered`, codes(run, phase)),
    note(`${name}: done for nobody`, count(deeds(run, spanOf(run, phase)).unwanted)),
  ]
}

/** How many of the refusals were quick in the gateway's own hands: the rest of what a client waits for is no policy's. */
function inHand(run: Run, span: Span): string {
  const of = (series: string, labels = {}): number =>
    grown(run, `sluice_call_duration_seconds_${series}`, span, { result: 'problem', ...labels })
  return `${percent(of('bucket', { le: String(quickMs / 1_000) }), of('count')).toFixed(2)} %`
}

/** Climbs again, and higher, where this machine is too fast for the gateway to be asked for twice as much as it can do. */
async function climbing(to: (topPerSecond: number) => Promise<Run>): Promise<Run> {
  let last: Run | undefined
  for (const top of tops) {
    last = await to(top)
    if (beyondBest(last).served.length >= peakSeconds) break
  }
  return last as Run
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

type Beyond = Readonly<{ best: number; whenAsked: number; mostAsked: number; served: readonly number[] }>

/** The best that the process did, and what it did in each second from when twice as much was asked. */
function beyondBest(run: Run): Beyond {
  const smooth = (values: readonly number[]): readonly number[] =>
    values.map((_, i) => mean(values.slice(Math.max(0, i - peakSeconds + 1), i + 1)))
  const asked = bySecond(run, 'clients', ({ sent }) => sent)
  const served = smooth(bySecond(run, 'clients', ({ fates }) => fates.served))
  const best = Math.max(...served)
  const from = asked.findIndex(sent => sent >= 2 * best)
  return {
    best,
    whenAsked: asked[served.indexOf(best)] ?? 0,
    mostAsked: Math.max(...asked),
    served: from === -1 ? [] : served.slice(from, Math.floor(run.lengthMs / 1_000)),
  }
}

/** When twice as much is asked of the gateway's own process as it could do at its best. */
function own(run: Run): readonly Figure[] {
  const { best, whenAsked, mostAsked, served } = beyondBest(run)
  const kept = percent(mean(served), best)
  return [
    timed(
      'at twice what the process itself can do: answered in time, of its best',
      `≥ ${leastOfPeak} %`,
      served.length === 0 ? `never asked: ${count(mostAsked)}/s at most` : `${kept.toFixed(1)} %`,
      served.length > 0 && kept >= leastOfPeak,
    ),
    note('its best', `${count(Math.round(best))} a second, when ${count(whenAsked)} were asked`),
  ]
}

const beside = (run: Run): readonly Figure[] =>
  ['three', 'ten'].map(phase => {
    const { executed, unwanted } = deeds(run, spanOf(run, phase))
    return note(
      `the naive gateway at ${phase === 'three' ? 3 : 10} ×`,
      `${shareOf(run, phase).toFixed(1)} % of what is possible; ${percent(unwanted, executed).toFixed(0)} % of the work for nobody`,
    )
  })

function column(run: Run, title: string): Column {
  const good = shareOf(run, 'ten')
  return {
    title,
    headline: `${good.toFixed(0)} % of what is possible at 10 ×`,
    good: good >= least,
    shades: run.scene.shades ?? [],
    panels: [fates(run), work(run, Math.ceil(perSecond * 1.2)), latency(run, 'clients')],
  }
}

export const overload: Proof = {
  name: 'overload',
  title: 'Three and ten times as much is asked as the workers can do, half of them die, one key is hot',
  about: '',
  prove,
}
