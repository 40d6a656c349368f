import type { Line } from './panel.ts'
import { widthOf, words } from './text.ts'
import type { Font } from './text.ts'

/** Where the name of a line stands above its panel: from the left, in a row. */
export type Name = Readonly<{ line: Line; left: number; row: number }>

const nameFont: Font = { size: 11, opacity: 0.85 }
export const rowHeight = 16
const swatch = { width: 14, gap: 5 } // the piece of the line before its name
const apart = 10

/** Sets the names of a panel's lines side by side, in as many rows as they need. */
export function setNames(lines: readonly Line[], width: number): readonly Name[] {
  let left = 0
  let row = 0
  return lines.map(line => {
    const own = swatch.width + swatch.gap + widthOf(line.name, nameFont)
    if (left > 0 && left + own > width) {
      left = 0
      row++
    }
    const at = { line, left, row }
    left += own + apart
    return at
  })
}

/** A piece of the line as it is drawn, and its name. */
export function named({ line, left, row }: Name, x: number, top: number): readonly object[] {
  const at = { x: x + left, y: top + row * rowHeight }
  const piece =
    line.style === 'area'
      ? {
          type: 'rect',
          ...at,
          shape: { x: 2, y: 0, width: swatch.width - 4, height: 9, r: 2 },
          style: { fill: line.colour },
        }
      : {
          type: 'line',
          ...at,
          shape: { x1: 0, y1: 4, x2: swatch.width, y2: 4 },
          style: { stroke: line.colour, lineWidth: 2, ...(line.style === 'dashed' && { lineDash: [4, 3] }) },
        }
  return [piece, ...words([line.name], at.x + swatch.width + swatch.gap, at.y, nameFont)]
}
