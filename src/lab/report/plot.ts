import type { Line, Panel } from '../panel.ts'

/** A stretch that is shaded in a diagram. */
export type Shaded = Readonly<{ label: string; fromMs: number; toMs: number }>

export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"]/g, found => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[found] ?? found)

const width = 1_000 // units of the drawing, which is stretched to the page; text stands beside it, and is not

/** A diagram over the seconds of a run, with its legend; `told` says in a sentence what is to be seen, for whoever cannot. */
export function plot(panel: Panel, lengthMs: number, shades: readonly Shaded[], told: string): string {
  const { title, height, log = false, lines } = panel
  const top = panel.max ?? topOf(panel)
  const x = (second: number): number => (1_000 * second * width) / lengthMs
  const y = (value: number): number => height - heightOf(value, top, log) * height
  const drawn = shapes(lines, x, y, log)
  const rects = shades.map(({ fromMs, toMs }) => {
    const from = x(fromMs / 1_000)
    return `<rect class="shade" x="${n(from)}" y="0" width="${n(x(toMs / 1_000) - from)}" height="${height}"/>`
  })
  const ticks = ticksOf(top, log)
  const grid = ticks.map(tick => `<path class="grid" d="M0 ${n(y(tick))}H${width}"/>`)
  const labels = ticks.map(tick => `<span style="top:${n((100 * y(tick)) / height)}%">${short(tick)}</span>`)
  const legend = lines.map(
    ({ name, colour, style = 'solid' }) => `<li><i class="${style}" style="--hue:${colour}"></i>${escaped(name)}</li>`,
  )
  return `<figure><figcaption>${escaped(title)}</figcaption><ul class="legend">${legend.join('')}</ul>
<div class="plot"><div class="ys" aria-hidden="true">${labels.join('')}</div>
<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escaped(told)}" style="height:${height}px">${rects.join('')}${grid.join('')}${drawn.join('')}</svg>
<div class="names" aria-hidden="true">${shades.map(shade => nameOf(shade, lengthMs)).join('')}</div></div>
${seconds(lengthMs)}</figure>`
}

const nameOf = ({ label, fromMs, toMs }: Shaded, lengthMs: number): string =>
  `<span style="left:${n((100 * fromMs) / lengthMs)}%;width:${n((100 * (toMs - fromMs)) / lengthMs)}%">${escaped(label)}</span>`

/** The seconds below a diagram. */
export function seconds(lengthMs: number): string {
  const step = stepOf(lengthMs / 1_000 / 6)
  const count = Math.floor(lengthMs / 1_000 / step + 1e-9)
  const marks = Array.from({ length: count + 1 }, (_, i) => i * step)
  const spans = marks.map(
    second => `<span style="left:${n((100_000 * second) / lengthMs)}%">${second}${second === 0 ? ' s' : ''}</span>`,
  )
  return `<div class="xs" aria-hidden="true">${spans.join('')}</div>`
}

type Scale = (value: number) => number

/** Areas are stacked, in the order of the lines. */
function shapes(lines: readonly Line[], x: Scale, y: Scale, log: boolean): readonly string[] {
  const below: number[] = []
  return lines.map(({ values, colour, style = 'solid' }) => {
    if (style === 'area') {
      const from = values.map((_, i) => below[i] ?? 0)
      const to = values.map((value, i) => (from[i] ?? 0) + (value ?? 0))
      for (const [i, sum] of to.entries()) below[i] = sum
      const there = to.map((value, i) => `${n(x(i))} ${n(y(value))}L${n(x(i + 1))} ${n(y(value))}`)
      const back = from.map((value, i) => `${n(x(i + 1))} ${n(y(value))}L${n(x(i))} ${n(y(value))}`).toReversed()
      return `<path class="area" style="fill:${colour}" d="M${there.join('L')}L${back.join('L')}Z"/>`
    }
    let path = ''
    let drawing = false
    for (const [i, value] of values.entries()) {
      if (value !== null) path += `${drawing ? 'L' : 'M'}${n(x(i + 0.5))} ${n(y(log ? Math.max(1, value) : value))}`
      drawing = value !== null
    }
    return `<path class="line ${style}" style="stroke:${colour}" d="${path}"/>`
  })
}

/** A round number above everything that is drawn. */
function topOf({ lines, log = false }: Panel): number {
  const areas: number[] = []
  let most = 1
  for (const { values, style = 'solid' } of lines)
    for (const [i, value] of values.entries()) {
      if (style === 'area') areas[i] = (areas[i] ?? 0) + (value ?? 0)
      most = Math.max(most, style === 'area' ? (areas[i] ?? 0) : (value ?? 0))
    }
  return log ? 10 ** Math.ceil(Math.log10(most)) : Math.ceil((most * 1.05) / stepOf(most / 4)) * stepOf(most / 4)
}

const heightOf = (value: number, top: number, log: boolean): number =>
  Math.min(1, log ? (value <= 1 ? 0 : Math.log10(value) / Math.log10(top)) : value / top)

function ticksOf(top: number, log: boolean): readonly number[] {
  if (log) return Array.from({ length: Math.round(Math.log10(top)) + 1 }, (_, i) => 10 ** i)
  const step = stepOf(top / 4)
  return Array.from({ length: Math.floor(top / step + 1e-9) + 1 }, (_, i) => i * step)
}

/** 1, 2 or 5 times a power of ten, at least as large. */
export function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-3)))
  return ([1, 2, 5].find(factor => factor * power >= least * 0.999) ?? 10) * power
}

export const short = (value: number): string =>
  value >= 1_000_000
    ? `${value / 1_000_000}M`
    : value >= 10_000
      ? `${value / 1_000}k`
      : String(Math.round(value * 100) / 100)

const n = (value: number): string => String(Math.round(value * 10) / 10)
