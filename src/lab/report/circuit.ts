import { colours } from '../panel.ts'
import type { CircuitName, Result } from '../result.ts'
import { seconds } from './plot.ts'

const heights: Readonly<Record<CircuitName, number>> = { closed: 8, 'half-open': 20, open: 36 }
const hues: Readonly<Record<CircuitName, string>> = {
  closed: colours.good,
  'half-open': colours.limit,
  open: colours.bad,
}
const height = 36

/** The state of the circuit, second by second: the higher, the less is let through. Empty where nobody told it. */
export function circuitPlot({ seconds: { circuit }, lengthMs }: Result): string {
  if (circuit.every(state => state === null)) return ''
  const width = (1_000 * 1_000) / lengthMs
  const rects = circuit.map((state, i) =>
    state === null
      ? ''
      : `<rect x="${(i * width).toFixed(1)}" y="${height - heights[state]}" width="${(width + 0.3).toFixed(1)}" height="${heights[state]}" style="fill:${hues[state]}"/>`,
  )
  const count = (wanted: CircuitName): number => circuit.filter(state => state === wanted).length
  const told = `The circuit was open for ${count('open')} s, half open for ${count('half-open')} s and closed for ${count('closed')} s.`
  const legend = (Object.keys(heights) as CircuitName[]).map(
    state => `<li><i class="area" style="--hue:${hues[state]}"></i>${state}</li>`,
  )
  return `<figure><figcaption>the circuit of the worker</figcaption><ul class="legend">${legend.join('')}</ul>
<div class="plot"><svg viewBox="0 0 1000 ${height}" preserveAspectRatio="none" role="img" aria-label="${told}" style="height:${height}px">${rects.join('')}</svg></div>
${seconds(lengthMs)}</figure>`
}
