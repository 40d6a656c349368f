import type { EChartsOption, SeriesOption } from 'echarts'
import { drawn, lengthOf, secondsAxis, shade, valuesAxis } from './chart.ts'
import { named, rowHeight, setNames } from './names.ts'
import { colours } from './panel.ts'
import type { Column, Picture } from './panel.ts'
import { ink, lineHeight, words, wrap } from './text.ts'
import type { Font } from './text.ts'

const width = 980
const edge = 14 // around everything
const margin = 44 // left of a panel, for the numbers of its axis
const between = 26 // columns
const above = 20 // a panel's title
const footHeight = 34
const fonts = {
  title: { size: 18, bold: true },
  column: { size: 13, opacity: 0.75 },
  headline: { size: 17, bold: true },
  panel: { size: 12, opacity: 0.85 },
  unit: { size: 11, opacity: 0.6 },
} as const

/** Draws a picture as SVG. Throws when echarts is not installed, which is needed for nothing else. */
export async function draw(picture: Picture): Promise<string> {
  const echarts = await import('echarts').catch((cause: unknown) => {
    throw new Error('Pictures are drawn by echarts, which is not installed: npm install echarts', { cause })
  })
  const { height, option } = lay(picture)
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(option)
    return plain(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}

/** Text takes the colour of the page, light or dark; names are the same in every run. */
function plain(svg: string): string {
  const style =
    '<style>svg{color:#1f2328}@media(prefers-color-scheme:dark){svg{color:#d1d7e0}}text{font-family:system-ui,sans-serif}</style>'
  const ids = new Map<string, string>()
  return svg
    .replaceAll(/zr\d+-([a-z]+)\d+/g, (id, kind: string) => {
      if (!ids.has(id)) ids.set(id, `${kind}${ids.size}`)
      return ids.get(id) ?? id
    })
    .replaceAll(ink, 'currentColor')
    .replaceAll(/<style\s*>[^]*?<\/style>| class="[^"]*"| pointer-events="[^"]*"/g, '') // for a mouse, of which there is none
    .replaceAll(/([1-9]\d*\.\d)\d+/g, '$1')
    .replace(/(<svg[^>]*>)/, `$1${style}`)
    .concat('\n')
}

/** Finds a place for everything: texts take the lines that they need, and the columns' panels begin at the same heights. */
function lay({ title, columns }: Picture): { height: number; option: EChartsOption } {
  const each = (width - 2 * edge - between * (columns.length - 1)) / columns.length
  const plotWidth = each - margin - 4
  const graphic: object[] = []
  const grids: object[] = []
  const xAxes: object[] = []
  const yAxes: object[] = []
  const series: SeriesOption[] = []
  const lefts = columns.map((_, c) => edge + c * (each + between))
  /** Writes a text into each of the columns, and says where what comes below can begin. */
  const write = (
    texts: readonly string[],
    at: readonly number[],
    top: number,
    font: Font,
    hues: readonly string[] = [],
  ) => {
    const room = at.length === columns.length ? each : width - 2 * edge
    const blocks = texts.map(text => wrap(text, room, font))
    blocks.forEach((lines, c) => graphic.push(...words(lines, at[c] ?? edge, top, font, hues[c])))
    return top + Math.max(0, ...blocks.map(({ length }) => length)) * lineHeight(font)
  }

  let top = write([title], [edge], edge, fonts.title) + 6
  top = write(
    columns.map(column => column.title),
    lefts,
    top,
    fonts.column,
  )
  top = write(
    columns.map(({ headline }) => headline),
    lefts,
    top,
    fonts.headline,
    columns.map(hue),
  )
  for (let p = 0; p < Math.max(...columns.map(({ panels }) => panels.length)); p++) {
    const panels = columns.map(column => column.panels[p])
    const names = panels.map(panel => setNames(panel?.lines ?? [], plotWidth))
    top =
      write(
        panels.map(panel => panel?.title ?? ''),
        lefts,
        top + above,
        fonts.panel,
      ) + 3
    names.forEach((set, c) => graphic.push(...set.flatMap(name => named(name, (lefts[c] ?? 0) + margin, top))))
    top += 2 + rowHeight * (1 + Math.max(0, ...names.flat().map(({ row }) => row)))
    columns.forEach((column, c) => {
      const panel = panels[c]
      if (panel === undefined) return
      const index = grids.length
      grids.push({ left: (lefts[c] ?? 0) + margin, top, width: plotWidth, height: panel.height })
      xAxes.push(secondsAxis(index, p === column.panels.length - 1, lengthOf(column)))
      yAxes.push(valuesAxis(index, panel))
      series.push(
        ...panel.lines.map((line, i) => drawn(line, panel, index, i === 0 ? shade(column, p === 0, plotWidth) : null)),
      )
    })
    top += Math.max(...panels.map(panel => panel?.height ?? 0))
  }
  write(
    columns.map(() => 'seconds'),
    lefts.map(left => left + margin),
    top + footHeight - 13,
    fonts.unit,
  )
  return {
    height: Math.ceil(top + footHeight + 6),
    option: {
      animation: false,
      backgroundColor: 'transparent',
      textStyle: { color: ink, fontFamily: 'system-ui, sans-serif' },
      graphic,
      grid: grids,
      xAxis: xAxes,
      yAxis: yAxes,
      series,
    },
  }
}

const hue = ({ good }: Column): string => (good === null ? ink : good ? colours.good : colours.bad)
