import type { Curve } from '../durations.ts'
import { escaped, short } from './plot.ts'

type Named = Readonly<{ name: string; colour: string; curve: Curve }>

const width = 1_000
const height = 200
const most = 99.999
const marks = [0, 50, 90, 99, 99.9, 99.99, 99.999]

/** Where a percentile stands: each step to the right leaves a tenth as many requests. */
const x = (percent: number): number =>
  (Math.log10(100 / (100 - Math.min(percent, most))) / Math.log10(100 / (100 - most))) * width

/** The HDR curve: how long so many of all answers took. */
export function curvePlot(curves: readonly Named[]): string {
  const shown = curves.filter(({ curve }) => curve.length > 0)
  if (shown.length === 0) return ''
  const top = 10 ** Math.ceil(Math.log10(Math.max(10, ...shown.flatMap(({ curve }) => curve.map(([, ms]) => ms)))))
  const y = (ms: number): number => height - (Math.log10(Math.max(1, ms)) / Math.log10(top)) * height
  const ticks = Array.from({ length: Math.round(Math.log10(top)) + 1 }, (_, i) => 10 ** i)
  const paths = shown.map(({ curve, colour }) => {
    const points = curve
      .filter(([percent]) => percent < 100)
      .map(([percent, ms]) => `${x(percent).toFixed(1)} ${y(ms).toFixed(1)}`)
    return `<path class="line solid" style="stroke:${colour}" d="M${points.join('L')}"/>`
  })
  const grid = [
    ...ticks.map(tick => `<path class="grid" d="M0 ${y(tick).toFixed(1)}H${width}"/>`),
    ...marks.map(mark => `<path class="grid" d="M${x(mark).toFixed(1)} 0V${height}"/>`),
  ]
  const told = shown
    .map(({ name, curve }) => `${name}: ${at(curve, 50)} ms at 50 %, ${at(curve, 99)} ms at 99 %`)
    .join('; ')
  const legend = shown.map(
    ({ name, colour }) => `<li><i class="solid" style="--hue:${colour}"></i>${escaped(name)}</li>`,
  )
  const labels = ticks.map(tick => `<span style="top:${(100 * y(tick)) / height}%">${short(tick)}</span>`)
  const below = marks.slice(0, -1).map(mark => `<span style="left:${(x(mark) / width) * 100}%">${mark} %</span>`)
  return `<figure><figcaption>how long answers took, in milliseconds, from the intended sending, by percentile</figcaption>
<ul class="legend">${legend.join('')}</ul><div class="plot"><div class="ys" aria-hidden="true">${labels.join('')}</div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escaped(told)}" style="height:${height}px">${grid.join('')}${paths.join('')}</svg></div>
<div class="xs" aria-hidden="true">${below.join('')}</div></figure>`
}

const at = (curve: Curve, percent: number): number => curve.find(([each]) => each >= percent)?.[1] ?? 0
