// Draws docs/policies/*.svg from scenes of a few lines: a happy and an unhappy way, side by side.
import { scenes } from './scenes.ts'
import type { Scene, Way } from './scenes.ts'

const panel = { width: 502, gap: 16, top: 20 }
const lanes = { c: 76, p: 251, w: 426 } as const
type Lane = keyof typeof lanes
const step = 40
const ink = '#33475b'
const good = '#207227'
const bad = '#ab091e'

const stepsOf = (steps: string): readonly string[] => steps.split(' | ')
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const isLane = (name: string | undefined): name is Lane => name !== undefined && Object.hasOwn(lanes, name)

/** Text that would run into its neighbours is a mistake of the scene. */
function fits(text: string, most: number): string {
  if (text.length > most) throw new Error(`${text}: has ${text.length} characters, at most ${most} have room.`)
  return escaped(text)
}

const toneOf = (caption: string): string => (/^[45]\d\d/.test(caption) ? bad : /^[23]\d\d/.test(caption) ? good : ink)
const markerOf = (tone: string): string => (tone === bad ? 'bad' : tone === good ? 'good' : 'ink')

/** One line of a scene at its height: an arrow `c>p`, one that does not arrive `c~p`, a note `p:`, or a refusal `p!`. */
function drawn(line: string, y: number): string {
  const [, from, sign, to, caption = ''] = /^([cpw])([>~:!])([cpw]?) (.+)$/.exec(line) ?? []
  if (!isLane(from)) throw new Error(`${line}: is no line of a scene.`)
  if (sign === ':' || sign === '!') return note(caption, lanes[from], y, sign === '!')
  if (!isLane(to)) throw new Error(`${line}: goes nowhere.`)
  return arrow(caption, lanes[from], lanes[to], y, sign === '~')
}

function note(text: string, x: number, y: number, refuses: boolean): string {
  const words = fits(text, x === lanes.p ? 46 : 20)
  const width = text.length * 7 + 22
  const [fill, stroke, colour] = refuses ? ['#ffe3e3', '#e12d39', '#610316'] : ['#fff', '#9fb3c8', '#102a43']
  return `<rect x="${x - width / 2}" y="${y - 13}" width="${width}" height="25" rx="6" fill="${fill}" stroke="${stroke}"/><text x="${x}" y="${y + 4}" text-anchor="middle" fill="${colour}">${words}</text>`
}

function arrow(caption: string, from: number, to: number, y: number, lost: boolean): string {
  const tone = lost ? bad : toneOf(caption)
  const side = Math.sign(to - from)
  const end = lost ? from + (to - from) * 0.72 : to - side * 3
  const words = `<text x="${(from + to) / 2}" y="${y - 6}" text-anchor="middle" fill="${tone}">${fits(caption, Math.floor(Math.abs(to - from) / 7.4))}</text>`
  const line = `<path d="M${from + side * 3} ${y}H${end}" fill="none" stroke="${tone}" stroke-width="2"${lost ? '' : ` marker-end="url(#${markerOf(tone)})"`}/>`
  const cross = lost ? `<path d="M${end - 5} ${y - 5}l10 10m0 -10l-10 10" stroke="${bad}" stroke-width="2.5"/>` : ''
  return `${words}${line}${cross}`
}

function head(name: string, x: number, own: boolean): string {
  const look = own ? 'fill="#e6f6ff" stroke="#2680c2"' : 'fill="#fff" stroke="#9fb3c8"'
  return `<rect x="${x - 58}" y="44" width="116" height="30" rx="7" ${look}/><text x="${x}" y="64" text-anchor="middle" font-weight="600" font-size="13" fill="${own ? '#0f609b' : '#102a43'}">${fits(name, 14)}</text>`
}

function way(title: string, tone: string, names: readonly string[], { steps, says }: Way, at: number, rows: number) {
  const bottom = 74 + rows * step + 14
  const xs = Object.values(lanes)
  const rails = xs.map(x => `<path d="M${x} 74V${bottom}" stroke="#9fb3c8" stroke-width="1.5" stroke-dasharray="3 4"/>`)
  const heads = xs.map((x, i) => head(names[i] ?? '', x, i === 1))
  const lines = stepsOf(steps).map((line, i) => drawn(line, 74 + (i + 0.8) * step))
  return `  <g transform="translate(${at} 0)">
    <rect y="8" width="${panel.width}" height="${bottom + 34}" rx="10" fill="#fbfcfe" stroke="#d9e2ec"/>
    <text x="18" y="31" font-weight="700" font-size="14" fill="${tone}">${title}</text>
    ${rails.join('')}
    ${heads.join('\n    ')}
    ${lines.join('\n    ')}
    <text x="${panel.width / 2}" y="${bottom + 24}" text-anchor="middle" font-size="13" fill="#486581">${fits(says, 66)}</text>
  </g>`
}

const marker = (tone: string): string =>
  `<marker id="${markerOf(tone)}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L10 5L0 10z" fill="${tone}"/></marker>`

function picture(policy: string, { lanes: names, happy, unhappy }: Scene): string {
  const rows = Math.max(stepsOf(happy.steps).length, stepsOf(unhappy.steps).length)
  const width = panel.top * 2 + panel.width * 2 + panel.gap
  const height = 74 + rows * step + 14 + 62
  const second = panel.top + panel.width + panel.gap
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="12">
  <title>${escaped(policy)}: the happy and the unhappy way</title>
  <rect width="${width}" height="${height}" rx="12" fill="#f0f4f8"/>
  <defs>${[ink, good, bad].map(marker).join('')}</defs>
  <g transform="translate(0 4)">
${way('The happy way', good, names, happy, panel.top, rows)}
${way('The unhappy way', bad, names, unhappy, second, rows)}
  </g>
</svg>
`
}

/** Every picture of a policy with what it should hold. */
export const policyPictures = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(scenes).map(([name, scene]) => [`docs/policies/${name}.svg`, picture(name, scene)]))
