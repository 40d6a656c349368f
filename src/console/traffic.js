import uPlot from './uplot.js'
import { byId, say } from './dom.js'
import { trimmed } from './words.js'

/** @import { Moment, Sections } from './sections.d.ts' */

const kept = 300
const height = 160
const colours = { ok: '#1a8f4a', refused: '#c07a10', failed: '#d43d33', p50: '#2f7fc1', p99: '#8f5bd0' }

/**
 * @param {HTMLElement} place
 * @param {readonly (readonly [string, string])[]} lines
 */
function chart(place, lines) {
  // a canvas knows no light-dark(): the colours are those that the style sheet comes to
  const style = getComputedStyle(place)
  const axis = {
    stroke: () => style.color,
    grid: { stroke: () => style.borderTopColor, width: 1 },
    ticks: { show: false },
  }
  const made = new uPlot(
    {
      width: place.clientWidth,
      height,
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, _min, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
      axes: [axis, { ...axis, size: 48 }],
      series: [{}, ...lines.map(([label, stroke]) => ({ label, stroke, width: 2, points: { show: false } }))],
    },
    [[], ...lines.map(() => [])],
    place,
  )
  new ResizeObserver(() => made.setSize({ width: place.clientWidth, height })).observe(place)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => made.redraw())
  return made
}

/** @returns {(told: Partial<Sections> & { traffic?: readonly Moment[] }, changed: ReadonlySet<string>) => void} */
export function showTraffic() {
  const rates = chart(byId('rates'), [
    ['ok', colours.ok],
    ['refused', colours.refused],
    ['failed', colours.failed],
  ])
  const latencies = chart(byId('latencies'), [
    ['p50', colours.p50],
    ['p99', colours.p99],
  ])
  /** @type {Moment[]} */
  let moments = []
  return ({ traffic, moment }, changed) => {
    if (changed.has('traffic') && traffic !== undefined) moments = [...traffic]
    else if (moment !== undefined && moment !== null && changed.has('moment')) moments.push(moment)
    else return
    if (moments.length > kept) moments = moments.slice(-kept)
    const times = moments.map(({ at }) => at / 1_000)
    const lines = (/** @type {readonly ('ok' | 'refused' | 'failed' | 'p50Ms' | 'p99Ms')[]} */ names) =>
      names.map(name => moments.map(each => each[name]))
    rates.setData([times, ...lines(['ok', 'refused', 'failed'])])
    latencies.setData([times, ...lines(['p50Ms', 'p99Ms'])])
    const last = moments.at(-1)
    if (last === undefined) return
    say(byId('rate'), `${trimmed(last.ok)} answered, ${trimmed(last.refused)} refused, ${trimmed(last.failed)} failed`)
    const { p50Ms, p99Ms } = last
    say(byId('latency'), p50Ms === null ? 'none' : `p50 ${trimmed(p50Ms)} ms, p99 ${trimmed(p99Ms ?? 0)} ms`)
  }
}
