import { colours } from '../panel.ts'
import { frontier, nameOf, recommended } from '../sweep.ts'
import type { Scored } from '../sweep.ts'
import { seconds } from '../verdict.ts'
import { page, tableOf } from './page.ts'
import { escaped, short } from './plot.ts'

export type Confirmed = Readonly<{ simulated: Scored; real: Scored }>
type Sweep = Readonly<{
  title: string
  at: string
  scores: readonly Scored[]
  confirmed: readonly Confirmed[]
  tookMs: number
}>

/** The report of a sweep: what each setting came to, the trade-off as a picture, and what is recommended. */
export function sweepReport({ title, at, scores, confirmed, tookMs }: Sweep): string {
  const best = recommended(scores)
  const said =
    best === null
      ? ''
      : `<p class="verdict ok">Recommended: <code>${escaped(best.point.join(' ') || 'as it is')}</code></p>
<p>${best.answeredPercent.toFixed(1)} % of the requests are answered, 99 of 100 within ${best.p99} ms; ${best.failing} objectives fail.</p>`
  const body = `<h2>What if</h2>${said}<p>${scores.length} settings were simulated in ${seconds(tookMs)}: the gateway’s own policies in virtual time, with a model of broker and workers.</p>
${scatter(scores, best)}${settings(scores, best)}${real(confirmed)}`
  return page(title, at, body)
}

const row = ({
  answeredPercent,
  p50,
  p99,
  refused,
  waitedInVain,
  wastedPercent,
  recoverMs,
  failing,
}: Scored): readonly string[] => [
  `${answeredPercent.toFixed(1)} %`,
  `${p50} ms`,
  `${p99} ms`,
  String(refused),
  String(waitedInVain),
  `${wastedPercent.toFixed(1)} %`,
  recoverMs === null ? 'never' : seconds(recoverMs),
  String(failing),
]
const head = [
  'Setting',
  'Answered',
  'p50',
  'p99',
  'Refused',
  'Waited in vain',
  'For nobody',
  'Over after',
  'Objectives failing',
]

function settings(scores: readonly Scored[], best: Scored | null): string {
  const rows = scores.map(score => {
    const name = escaped(nameOf(score.point))
    return [score === best ? `${name} <b class="ok">recommended</b>` : name, ...row(score)]
  })
  return tableOf('All settings', 'simulated', head, rows)
}

function real(confirmed: readonly Confirmed[]): string {
  const rows = confirmed.flatMap(({ simulated, real }) => [
    [`${escaped(nameOf(simulated.point))}, simulated`, ...row(simulated)],
    [`${escaped(nameOf(real.point))}, in real time`, ...row(real)],
  ])
  return tableOf('Confirmed in real time', 'simulated and real', head, rows)
}

const width = 600
const height = 280

/** Answers against waiting: to the right and low is better. */
function scatter(scores: readonly Scored[], best: Scored | null): string {
  const answers = scores.map(({ answeredPercent }) => answeredPercent)
  const [low, high] = [Math.floor(Math.min(...answers) - 1), Math.min(100, Math.ceil(Math.max(...answers) + 1))]
  const most = Math.log10(Math.max(10, ...scores.map(({ p99 }) => p99)) * 1.5)
  const least = Math.log10(Math.max(1, Math.min(...scores.map(({ p99 }) => p99 || 1)) / 1.5))
  const x = (value: number): number => 50 + ((value - low) / Math.max(1, high - low)) * (width - 70)
  const y = (ms: number): number =>
    height - 40 - ((Math.log10(Math.max(1, ms)) - least) / Math.max(0.1, most - least)) * (height - 60)
  const edge = frontier(scores)
  const dots = scores.map(score => {
    const colour = score === best ? colours.good : edge.includes(score) ? colours.first : colours.asked
    const title = `<title>${escaped(`${nameOf(score.point)}: ${score.answeredPercent.toFixed(1)} %, ${score.p99} ms`)}</title>`
    return `<circle cx="${x(score.answeredPercent).toFixed(1)}" cy="${y(score.p99).toFixed(1)}" r="${score === best ? 8 : 5}" style="fill:${colour}">${title}</circle>`
  })
  const line = edge
    .toSorted((a, b) => a.answeredPercent - b.answeredPercent)
    .map(({ answeredPercent, p99 }) => `${x(answeredPercent).toFixed(1)} ${y(p99).toFixed(1)}`)
  const ticks = [1, 10, 100, 1_000, 10_000].filter(ms => Math.log10(ms) >= least && Math.log10(ms) <= most)
  const grid = ticks.map(
    ms =>
      `<path class="grid" d="M50 ${y(ms).toFixed(1)}H${width - 20}"/><text x="44" y="${(y(ms) + 4).toFixed(1)}" text-anchor="end">${short(ms)}</text>`,
  )
  const ends = [low, high].map(
    value => `<text x="${x(value).toFixed(1)}" y="${height - 22}" text-anchor="middle">${value} %</text>`,
  )
  const told = best === null ? 'No setting.' : `Of ${scores.length} settings ${nameOf(best.point)} is recommended.`
  return `<figure><figcaption>requests answered (to the right) against the p99 of answers in milliseconds (up): right and low is better</figcaption>
<ul class="legend"><li><i class="area" style="--hue:${colours.good}"></i>recommended</li><li><i class="area" style="--hue:${colours.first}"></i>no other is better in both</li><li><i class="area" style="--hue:${colours.asked}"></i>others</li></ul>
<svg class="scatter" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(told)}">${grid.join('')}${ends.join('')}<path class="line dashed" style="stroke:${colours.first}" d="M${line.join('L')}"/>${dots.join('')}</svg></figure>`
}
