import type { EChartsOption, SeriesOption } from 'echarts'
import { colours } from './panel.ts'
import type { Column, Line, Panel, Picture } from './panel.ts'

const width = 980
const margin = 44 // left of a panel, for the numbers of its axis
const between = 26 // columns
const headHeight = 84 // title of the picture and of the columns
const gap = 46 // between panels: the title and the names of the next one
const footHeight = 34
const ink = '#010203' // stands for the colour of text, which depends on what the picture is seen on

/** Draws a picture as SVG. Throws when echarts is not installed, which is needed for nothing else. */
export async function draw(picture: Picture): Promise<string> {
  const echarts = await import('echarts').catch((cause: unknown) => {
    throw new Error('Pictures are drawn by echarts, which is not installed: npm install echarts', { cause })
  })
  const height = headHeight + Math.max(...picture.columns.map(heightOf)) + footHeight
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(options(picture, height))
    return plain(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}

const heightOf = ({ panels }: Column): number => panels.reduce((sum, { height }) => sum + gap + height, 0)

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

function options({ title, columns }: Picture, height: number): EChartsOption {
  const each = (width - between * (columns.length - 1)) / columns.length
  const grids: object[] = []
  const xAxes: object[] = []
  const yAxes: object[] = []
  const legends: object[] = []
  const titles: object[] = [words(title, 0, 4, { fontSize: 18, fontWeight: 600 })]
  const series: SeriesOption[] = []
  columns.forEach((column, c) => {
    const left = c * (each + between)
    const hue = column.good === null ? ink : column.good ? colours.good : colours.bad
    titles.push(words(column.title, left, 32, { fontSize: 13, opacity: 0.75 }))
    titles.push(words(column.headline, left, 50, { fontSize: 17, fontWeight: 600, color: hue }))
    let top = headHeight
    column.panels.forEach((panel, p) => {
      top += gap
      const index = grids.length
      const last = p === column.panels.length - 1
      titles.push(words(panel.title, left, top - 38, { fontSize: 12, opacity: 0.85 }))
      grids.push({ left: left + margin, top, width: each - margin - 4, height: panel.height })
      xAxes.push(secondsAxis(index, last, lengthOf(column)))
      yAxes.push(valuesAxis(index, panel))
      legends.push(legend(panel, left + margin - 6, top - 21, each - margin))
      series.push(...panel.lines.map((line, i) => drawn(line, panel, index, i === 0 ? column : null, p === 0)))
      top += panel.height
    })
    titles.push(words('seconds', left + margin, height - 15, { fontSize: 11, opacity: 0.6 }))
  })
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { color: ink, fontFamily: 'system-ui, sans-serif' },
    title: titles,
    grid: grids,
    xAxis: xAxes,
    yAxis: yAxes,
    legend: legends,
    series,
  }
}

const lengthOf = ({ panels }: Column): number =>
  Math.max(...panels.flatMap(({ lines }) => lines.map(({ values }) => values.length)))

const words = (text: string, left: number, top: number, style: object): object => ({
  text,
  left,
  top,
  padding: 0,
  textStyle: { color: ink, fontWeight: 400, ...style },
})

const secondsAxis = (gridIndex: number, labelled: boolean, max: number): object => ({
  type: 'value',
  gridIndex,
  min: 0,
  max,
  axisLine: { lineStyle: { color: ink, opacity: 0.35 } },
  axisTick: { show: false },
  axisLabel: { show: labelled, color: ink, opacity: 0.7, fontSize: 10, showMaxLabel: false },
  splitLine: { show: false },
})

const valuesAxis = (gridIndex: number, { log = false, max }: Panel): object => ({
  type: log ? 'log' : 'value',
  gridIndex,
  min: log ? 1 : 0,
  ...(max !== undefined && { max }),
  splitNumber: 3,
  axisLabel: { color: ink, opacity: 0.7, fontSize: 10 },
  splitLine: { lineStyle: { color: ink, opacity: 0.12 } },
})

const legend = ({ lines }: Panel, left: number, top: number, width: number): object => ({
  data: lines.map(({ name }) => name),
  left,
  top,
  width,
  padding: 0,
  itemWidth: 10,
  itemHeight: 8,
  itemGap: 9,
  icon: 'roundRect',
  textStyle: { color: ink, opacity: 0.85, fontSize: 11, padding: [0, 0, 0, -3] },
})

function drawn(line: Line, { log = false }: Panel, index: number, column: Column | null, named: boolean): SeriesOption {
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
    ...(column !== null && { markArea: shade(column, named) }),
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

/** Stretches that are pointed at, named in the uppermost panel. */
const shade = ({ shades }: Column, named: boolean): object => ({
  silent: true,
  data: shades.map(({ label, fromMs, toMs, fault }) => [
    {
      name: named ? label : '',
      xAxis: fromMs / 1_000,
      itemStyle: { color: fault ? colours.bad : colours.asked, opacity: fault ? 0.13 : 0.1 },
      label: { color: ink, fontSize: 11, position: 'insideTop', distance: 3 },
    },
    { xAxis: toMs / 1_000 },
  ]),
})
