import type { SeriesOption } from 'echarts'
import { colours } from './panel.ts'
import type { Column, Line, Panel } from './panel.ts'
import { ink, wrap } from './text.ts'

/** How long a column's diagrams are, in seconds. */
export const lengthOf = ({ panels }: Column): number =>
  Math.max(...panels.flatMap(({ lines }) => lines.map(({ values }) => values.length)))

export const secondsAxis = (gridIndex: number, labelled: boolean, max: number): object => ({
  type: 'value',
  gridIndex,
  min: 0,
  max,
  axisLine: { lineStyle: { color: ink, opacity: 0.35 } },
  axisTick: { show: false },
  axisLabel: { show: labelled, color: ink, opacity: 0.7, fontSize: 10, showMaxLabel: false },
  splitLine: { show: false },
})

export const valuesAxis = (gridIndex: number, { log = false, max }: Panel): object => ({
  type: log ? 'log' : 'value',
  gridIndex,
  min: log ? 1 : 0,
  ...(max !== undefined && { max }),
  splitNumber: 3,
  axisLabel: { color: ink, opacity: 0.7, fontSize: 10 },
  splitLine: { lineStyle: { color: ink, opacity: 0.12 } },
})

/** A line of a panel as echarts wants it. */
export function drawn(line: Line, { log = false }: Panel, index: number, shades: object | null): SeriesOption {
  const { name, colour, values, style = 'solid' } = line
  const shown = (value: number | null): number | null =>
    value === null || (log && value < 1) ? (log && value !== null ? 1 : null) : round(value)
  return {
    type: 'line',
    name,
    xAxisIndex: index,
    yAxisIndex: index,
    data: values.map((value, second) => [second + 0.5, shown(value)]),
    showSymbol: false,
    silent: true,
    color: colour,
    lineStyle: { width: style === 'area' ? 0.8 : 1.8, type: style === 'dashed' ? 'dashed' : 'solid' },
    ...(style === 'area' && { stack: `stack ${index}`, areaStyle: { opacity: 0.6 } }),
    ...(shades !== null && { markArea: shades }),
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Stretches that are pointed at, named in the uppermost panel. */
export function shade(column: Column, labelled: boolean, plotWidth: number): object {
  const font = { size: 11 }
  const perMs = plotWidth / (lengthOf(column) * 1_000)
  return {
    silent: true,
    data: column.shades.map(({ label, fromMs, toMs, fault }) => [
      {
        name: labelled ? wrap(label, (toMs - fromMs) * perMs, font).join('\n') : '',
        xAxis: fromMs / 1_000,
        itemStyle: { color: fault ? colours.bad : colours.asked, opacity: fault ? 0.13 : 0.1 },
        label: { color: ink, fontSize: font.size, position: 'insideTop', distance: 3 },
      },
      { xAxis: toMs / 1_000 },
    ]),
  }
}
