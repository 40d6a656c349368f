import { asides } from '../asides.ts'
import { sluice } from '../gateway.ts'
import { codes, deeds, goodput, part, possible, spanOf } from '../measure.ts'
import { fates, latency, work } from '../panels.ts'
import type { Column } from '../panel.ts'
import type { Lab, Proof, Proven } from '../proof.ts'
import type { Run } from '../run.ts'
import { count, note, percent, timed } from '../verdict.ts'
import type { Figure } from '../verdict.ts'
import { hot, lost, perSecond, storm } from './storms.ts'

const queueMs = 100 // longest wait for a slot
const least = 95
const quickMs = 10

async function prove({ short, play, naive }: Lab): Promise<Proven> {
  const ours = await play(storm(sluice(), short))
  const theirs = naive === null ? null : await play(storm(naive, short))
  const [half, key] = [await play(lost(short)), await play(hot(short))]
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
    note(`${name}: what was not answered`, codes(run, phase)),
    note(`${name}: done for nobody`, count(deeds(run, spanOf(run, phase)).unwanted)),
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
